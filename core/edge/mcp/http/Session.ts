/** One client of the protocols up to 2025-11-25: a server of its own, for as long as it comes back. */
import {
  type AuthInfo,
  isInitializeRequest,
  type JSONRPCMessage,
  type Server,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server"
import type { Caller } from "../../../plugin/Operation.ts"
import { isObject } from "../../JsonSchema.ts"
import { AtOnce } from "./AtOnce.ts"
import { EventLog } from "./EventLog.ts"
import { type Ending, flow } from "./Flow.ts"
import * as Refusals from "./Refusals.ts"

/** Answers and streams that one session may have open. */
export const mostOpen = 256

/** After so many milliseconds a client whose stream was cut comes back. */
const retryInterval = 1_000

export interface Asked {
  readonly request: Request
  /** The JSON of its body, if it has one. */
  readonly body: unknown
}

export class Session {
  readonly id = crypto.randomUUID()
  readonly opened: number
  readonly caller: Caller
  /** When it last asked for something, or its last stream ended. */
  seen: number
  open = 0
  private readonly transport: AtOnce
  private readonly server: Server
  private readonly authInfo: AuthInfo
  private readonly now: () => number
  /** Requests whose answer could not be told. */
  private readonly cut = new Set<string | number>()

  constructor(options: {
    readonly server: Server
    readonly caller: Caller
    readonly authInfo: AuthInfo
    readonly maxBytes: number
    readonly now: () => number
    readonly closed: (session: Session) => void
  }) {
    this.server = options.server
    this.caller = options.caller
    this.authInfo = options.authInfo
    this.now = options.now
    this.opened = this.seen = options.now()
    this.transport = new AtOnce(
      new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => this.id,
        eventStore: new EventLog(),
        retryInterval,
        maxRequestBodySize: options.maxBytes,
      }),
    )
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK knows no other way
    this.transport.onclose = () => options.closed(this)
  }

  connect(): Promise<void> {
    return this.server.connect(this.transport)
  }

  /** The client as it named itself. */
  get client(): string {
    const { name, version } = this.server.getClientVersion() ?? { name: this.caller.client, version: "" }
    return `${name} ${version}`.trim().slice(0, 200)
  }

  async handle({ body, request }: Asked): Promise<Response> {
    this.seen = this.now()
    if (this.open >= mostOpen && request.method !== "DELETE") return Refusals.tooManyOpen(mostOpen)
    const { authInfo } = this
    const asked = body === undefined ? { authInfo } : { authInfo, parsedBody: body }
    this.open++
    try {
      const response = await this.transport.handle(request, asked)
      await this.answerCancelled(body)
      return await flow(request, response, (how) => this.ended(how, body))
    } catch (error) {
      this.open--
      throw error
    }
  }

  /** Ends what is asked for by a client that has not come back for the answer. */
  abandon(): void {
    for (const requestId of this.cut) this.transport.onmessage?.(cancelled(requestId))
    this.cut.clear()
  }

  close(): Promise<void> {
    return this.server.close()
  }

  private ended(how: Ending, body: unknown): void {
    this.open--
    this.seen = this.now()
    if (how !== "told") for (const { id } of requestsIn(body)) this.cut.add(id)
  }

  /** The SDK leaves the stream of a cancelled request open, for an answer that never comes. */
  private async answerCancelled(body: unknown): Promise<void> {
    if (!isObject(body) || body["method"] !== "notifications/cancelled" || !isObject(body["params"])) return
    const id = body["params"]["requestId"]
    if (typeof id !== "string" && typeof id !== "number") return
    const error = { code: requestCancelled, message: "The request was cancelled." }
    await this.transport.send({ jsonrpc: "2.0", id, error }).catch(() => undefined)
  }
}

/** As in the language server protocol; the client that cancelled it waits for no answer. */
const requestCancelled = -32_800

const cancelled = (requestId: string | number): JSONRPCMessage => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId, reason: "The client is gone." },
})

const requestsIn = (body: unknown): ReadonlyArray<{ readonly id: string | number }> =>
  [body]
    .flat()
    .filter((one): one is { id: string | number } => isObject(one) && "method" in one && "id" in one)

export const opens = (body: unknown): boolean => [body].flat().some((one) => isInitializeRequest(one))

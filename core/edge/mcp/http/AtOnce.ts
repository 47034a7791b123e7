/**
 * The transport of a session: a call that is soon answered is answered with one piece of JSON, every other with an event stream.
 *
 * Nearly all calls are soon answered, and a stream of one event costs a third of what such a call costs altogether. Nothing is
 * lost by it: who did not get the piece would have had no event to go on after either.
 */
import {
  type HandleRequestOptions,
  isJsonContentType,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
  type Transport,
  type TransportSendOptions,
  type WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server"
import { isObject } from "../../JsonSchema.ts"

/** Milliseconds. */
const soon = 10

/** Messages that are kept for a client that has not begun to listen. */
const mostEarly = 100

/** A call that the SDK's transport does not know of yet. */
class Call {
  readonly id: RequestId
  /** What its stream begins with. */
  readonly told: Array<JSONRPCMessage> = []
  /** Nothing when it does not come soon, or not alone. */
  readonly answer: Promise<JSONRPCMessage | undefined>
  isLate = false
  readonly #settle: (answer: JSONRPCMessage | undefined) => void

  constructor(id: RequestId) {
    this.id = id
    const { promise, resolve } = Promise.withResolvers<JSONRPCMessage | undefined>()
    this.answer = promise
    this.#settle = resolve
  }

  late(): void {
    this.isLate = true
    this.#settle(undefined)
  }

  tell(message: JSONRPCMessage): void {
    if (!this.isLate && !("method" in message)) return this.#settle(message)
    this.told.push(message)
    this.late()
  }
}

export class AtOnce implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: NonNullable<Transport["onmessage"]>
  readonly #streams: WebStandardStreamableHTTPServerTransport
  readonly #calls = new Map<RequestId, Call>()
  /** Those that are worked on already when the SDK's transport hears of them. */
  readonly #begun = new WeakSet<Request>()
  /** Told unasked, until the client listens for that: it does so beside its first calls. */
  #early: Array<JSONRPCMessage> | undefined = []
  #versions: ReadonlyArray<string> = []

  /** `streams` is used by nobody else. */
  constructor(streams: WebStandardStreamableHTTPServerTransport) {
    this.#streams = streams
    /* oxlint-disable unicorn/prefer-add-event-listener -- the SDK knows no other way */
    streams.onclose = () => {
      for (const call of this.#calls.values()) call.late()
      this.onclose?.()
    }
    streams.onerror = (error) => this.onerror?.(error)
    streams.onmessage = (message, extra) => {
      const request = extra?.request
      if (request === undefined || !this.#begun.has(request)) this.onmessage?.(message, extra)
    }
    /* oxlint-enable unicorn/prefer-add-event-listener */
  }

  get sessionId(): string | undefined {
    return this.#streams.sessionId
  }

  setSupportedProtocolVersions(versions: Array<string>): void {
    this.#versions = versions
    this.#streams.setSupportedProtocolVersions(versions)
  }

  start(): Promise<void> {
    return this.#streams.start()
  }

  close(): Promise<void> {
    return this.#streams.close()
  }

  /** As the SDK's transport does, whose word on everything that is not in order stands. */
  async handle(request: Request, asked: HandleRequestOptions): Promise<Response> {
    const { authInfo, parsedBody } = asked
    if (request.method === "GET") return this.#listen(request, asked)
    if (!isCall(parsedBody) || !this.#isInOrder(request)) return this.#streams.handleRequest(request, asked)
    const call = new Call(parsedBody.id)
    this.#calls.set(call.id, call)
    const timer = setTimeout(() => call.late(), soon)
    this.onmessage?.(parsedBody, authInfo === undefined ? { request } : { authInfo, request })
    const answer = await call.answer
    clearTimeout(timer)
    if (answer === undefined) return this.#stream(request, asked, call)
    this.#forget(call)
    return this.#whole(answer)
  }

  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    const id = "method" in message ? options?.relatedRequestId : message.id
    if (id === undefined) return this.#tell(message)
    const call = this.#calls.get(id)
    return call === undefined ? this.#streams.send(message, { relatedRequestId: id }) : call.tell(message)
  }

  async #tell(message: JSONRPCMessage): Promise<void> {
    if (this.#early === undefined) return this.#streams.send(message)
    if (this.#early.length < mostEarly) this.#early.push(message)
  }

  async #listen(request: Request, asked: HandleRequestOptions): Promise<Response> {
    const response = await this.#streams.handleRequest(request, asked)
    if (!response.ok || request.headers.has("last-event-id")) return response
    for (const message of this.#early ?? []) await this.#streams.send(message)
    this.#early = undefined
    return response
  }

  #isInOrder({ headers }: Request): boolean {
    const accept = headers.get("accept") ?? ""
    const version = headers.get("mcp-protocol-version")
    return (
      accept.includes("application/json") &&
      accept.includes("text/event-stream") &&
      isJsonContentType(headers.get("content-type")) &&
      (version === null || this.#versions.includes(version)) &&
      headers.get("mcp-session-id") === this.sessionId
    )
  }

  #whole(answer: JSONRPCMessage): Response {
    const headers = { "content-type": "application/json", "mcp-session-id": this.sessionId ?? "" }
    return new Response(JSON.stringify(answer), { headers })
  }

  async #stream(request: Request, asked: HandleRequestOptions, call: Call): Promise<Response> {
    this.#begun.add(request)
    const response = await this.#streams.handleRequest(request, asked)
    // What is told meanwhile comes in its turn.
    if (response.ok)
      for (const message of call.told) await this.#streams.send(message, { relatedRequestId: call.id })
    this.#forget(call)
    return response
  }

  /** In one go with what was last done for it: what is told from now on goes the way of the SDK. */
  #forget(call: Call): void {
    if (this.#calls.get(call.id) === call) this.#calls.delete(call.id)
  }
}

/** `initialize` opens the session, and a batch is answered as one. */
const isCall = (body: unknown): body is JSONRPCRequest =>
  isObject(body) &&
  typeof body["method"] === "string" &&
  body["method"] !== "initialize" &&
  (typeof body["id"] === "string" || typeof body["id"] === "number")

/** What a client and its hub have said to each other, as far as the next hub must know it. Knows lines only: no file, no socket. */
import type { Id } from "../wire/Cutter.ts"
import { CALL_KEY, ENDING } from "../wire/Protocol.ts"
import { isId, isRecord, type Message, parsed, text } from "./Message.ts"
import { Questions } from "./Questions.ts"

/** Bytes of requests under way that are kept to be sent again. What is above is not: it is answered with an error instead. */
const maxKept = 64_000_000

/** Hubs that are asked the same: a request that ends each of them must not do so for ever. */
const maxTimes = 10

/** Subscriptions that the next hub is told of. */
const maxSubscribed = 10_000

/** Of MCP 2026-07-28: open for as long as the client listens. */
const LISTEN = "subscriptions/listen"
const ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
const SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId"

/** A request of the client that is not answered yet. */
interface Asked {
  readonly method: string
  /** Of the tool, when one is called. */
  readonly name: string
  readonly line: Buffer | undefined
  /** Hubs that were asked. */
  times: number
  /** The hub ended before it began this. */
  isUnbegun: boolean
  /** A subscription that the client was told is there. */
  isAcknowledged: boolean
}

export class Session {
  private readonly open = new Map<Id, Asked>()
  private kept = 0
  private count = 0

  private initialize: { readonly id: Id; readonly message: Message } | undefined
  private capabilities: NonNullable<Message["result"]>["capabilities"]
  private initialized: Buffer | undefined
  private level: Message | undefined
  private readonly subscribed = new Map<unknown, Message>()

  /** What was asked again: the answers are not for the client, which may be told something in their place. */
  private readonly own = new Map<Id, (answer: Message) => string>()
  private readonly questions = new Questions()

  private readonly shim: string

  /** `shim`: with a number it makes the key of a call. */
  constructor(shim: string) {
    this.shim = shim
  }

  /** Does the client wait for an answer? */
  get isWaiting(): boolean {
    for (const { method } of this.open.values()) if (method !== LISTEN) return true
    return false
  }

  /** A line of the client as it goes to the hub. Undefined: nobody is to have it. */
  toHub(line: Buffer): Buffer | undefined {
    const message = parsed(line)
    if (message === undefined) return line
    if ("result" in message || "error" in message) return this.questions.answered(message, line)
    if (typeof message.method !== "string") return line
    if (isId(message.id)) return this.asked(message.id, message.method, message, line)
    if (message.method === "notifications/initialized") this.initialized = Buffer.from(line)
    if (message.method === "notifications/cancelled") this.forget(message.params?.["requestId"] as Id)
    return line
  }

  /** A line of the hub as it goes to the client. Undefined: the client is not to have it. */
  toClient(line: Buffer): Buffer | undefined {
    const message = parsed(line)
    if (message === undefined) return line
    if (message.method !== undefined)
      return isId(message.id) ? this.questions.asked(message) : this.told(message, line)
    return isId(message.id) ? this.answered(message.id, message, line) : line
  }

  /** The hub is gone: what the client is told. `repeatable` are the tools that may be called again. */
  lost(repeatable: ReadonlySet<string>): ReadonlyArray<string> {
    this.own.clear()
    const withdrawn = this.questions.lost()
    const unknown = [...this.open].filter(([, asked]) => !mayRepeat(asked, repeatable))
    const told = unknown.map(([id, { method, name }]) => this.fail(id, whileUnderWay(name || method)))
    for (const asked of this.open.values()) if (asked.method !== LISTEN) asked.times++
    return [...withdrawn, ...told]
  }

  /** No hub will answer: what the client is told. */
  failed(why: string): ReadonlyArray<string> {
    return [...this.open.keys()].map((id) => this.fail(id, why))
  }

  /** Answers one request with an error. */
  fail(id: Id | null, message: string, code = -32_603): string {
    if (id !== null) this.forget(id)
    return text({ jsonrpc: "2.0", id, error: { code, message } })
  }

  /** Tells the next hub what it must know. `done` gets what the client is told then. */
  replay(write: (line: Buffer | string) => void, done: (told: ReadonlyArray<string>) => void): void {
    const rest = () => {
      if (this.initialized !== undefined) write(this.initialized)
      if (this.level !== undefined) write(this.again(this.level, () => ""))
      for (const [uri, message] of this.subscribed)
        write(this.again(message, ({ error }) => (error === undefined ? updated({ uri }) : "")))
      for (const asked of this.open.values()) {
        asked.isUnbegun = false
        if (asked.line !== undefined) write(asked.line)
      }
      done(this.lists())
      return ""
    }
    const { initialize } = this
    if (initialize === undefined || this.open.get(initialize.id)?.method === "initialize") rest()
    else write(this.again(initialize.message, rest))
  }

  private again(message: Message, then: (answer: Message) => string): string {
    const id = `hub-shim-${++this.count}`
    this.own.set(id, then)
    return text({ ...message, id })
  }

  /** Another hub may have other tools. */
  private lists(): ReadonlyArray<string> {
    const changing = Object.entries(this.capabilities ?? {}).filter(([, one]) => one?.listChanged === true)
    return changing.map(([list]) => listChanged(list))
  }

  private asked(id: Id, method: string, message: Message, line: Buffer): Buffer {
    const bytes = method === "tools/call" ? this.keyed(message, line) : line
    this.note(id, method, message)
    const isKept = this.kept + bytes.length <= maxKept
    if (isKept) this.kept += bytes.length
    // A copy: a line is a part of a larger piece of memory.
    const kept = isKept ? (bytes === line ? Buffer.from(line) : bytes) : undefined
    const name = method === "tools/call" ? String(message.params?.["name"]) : ""
    this.open.set(id, { method, name, line: kept, times: 1, isUnbegun: false, isAcknowledged: false })
    return bytes
  }

  private note(id: Id, method: string, message: Message): void {
    const uri = message.params?.["uri"]
    if (method === "initialize") this.initialize = { id, message }
    if (method === "logging/setLevel") this.level = message
    if (method === "resources/subscribe" && this.subscribed.size < maxSubscribed)
      this.subscribed.set(uri, message)
    if (method === "resources/unsubscribe") this.subscribed.delete(uri)
  }

  // Of our own count: a client may use an id twice, and must not get the run of its earlier call for it.
  private keyed(message: Message, line: Buffer): Buffer {
    const { params } = message
    if (!isRecord(params)) return line
    const meta = isRecord(params["_meta"]) ? params["_meta"] : {}
    const key = `${this.shim}:${++this.count}`
    return Buffer.from(text({ ...message, params: { ...params, _meta: { ...meta, [CALL_KEY]: key } } }))
  }

  private forget(id: Id): void {
    this.kept -= this.open.get(id)?.line?.length ?? 0
    this.open.delete(id)
  }

  private told(message: Message, line: Buffer): Buffer | undefined {
    if (message.method === ACKNOWLEDGED) return this.acknowledged(message, line)
    return message.method === "notifications/cancelled" ? this.questions.cancelled(message, line) : line
  }

  private acknowledged({ params }: Message, line: Buffer): Buffer | undefined {
    const meta = params?.["_meta"]
    const asked = isRecord(meta) ? this.open.get(meta[SUBSCRIPTION_ID] as Id) : undefined
    if (asked?.isAcknowledged === true) return lineOf(news(params))
    if (asked !== undefined) asked.isAcknowledged = true
    return line
  }

  private answered(id: Id, message: Message, line: Buffer): Buffer | undefined {
    const own = this.own.get(id)
    if (own !== undefined) {
      this.own.delete(id)
      return lineOf(own(message))
    }
    const asked = this.open.get(id)
    if (asked !== undefined && message.error?.code === ENDING) {
      asked.isUnbegun = true
      return undefined
    }
    if (id === this.initialize?.id && asked?.method === "initialize")
      this.capabilities = message.result?.capabilities
    this.forget(id)
    return line
  }
}

const lineOf = (told: string): Buffer | undefined => (told === "" ? undefined : Buffer.from(told))

const notification = (method: string, params?: object): string =>
  text({ jsonrpc: "2.0", method: `notifications/${method}`, ...(params === undefined ? {} : { params }) })

const listChanged = (list: string, params?: object): string => notification(`${list}/list_changed`, params)
const updated = (params: object): string => notification("resources/updated", params)

/** Another hub may be another in all that the client listens for. `params` are those of the acknowledgement. */
const news = (params: Message["params"] = {}): string => {
  const { _meta, notifications } = params
  if (!isRecord(notifications)) return ""
  const lists = ["tools", "prompts", "resources"].filter(
    (list) => notifications[`${list}ListChanged`] === true,
  )
  const uris = notifications["resourceSubscriptions"]
  return [
    ...lists.map((list) => listChanged(list, { _meta })),
    ...(Array.isArray(uris) ? uris : []).map((uri: unknown) => updated({ uri, _meta })),
  ].join("")
}

const mayRepeat = (
  { isUnbegun, line, method, name, times }: Asked,
  repeatable: ReadonlySet<string>,
): boolean =>
  line !== undefined && times < maxTimes && (isUnbegun || method !== "tools/call" || repeatable.has(name))

const whileUnderWay = (what: string): string =>
  `The hub restarted while ${what.slice(0, 100)} was under way. Whether it took effect is not known: look with list_dispatches, or check_dispatch when there is a run_id, before you ask again.`

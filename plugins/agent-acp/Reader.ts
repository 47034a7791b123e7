/** What an agent tells while it works, as events: pieces of a message joined, bits of a tool call put together. */
import { Agent, type Failure, Reading } from "hub/plugin"
import { early, failureOf, ofStop } from "./Failures.ts"
import type { Preset } from "./Presets.ts"
import { changesOf, commandOf, diffsOf, kindOf, merged, nameOf, outputOf, pathsOf } from "./ToolCall.ts"

type Json = Reading.Json
type Events = ReadonlyArray<Agent.AgentEvent>

const { asNumber, asObject, asObjects, asText, at } = Reading

interface Call {
  facts: Json
  /** The event that it starts was told. */
  started: boolean
}

/** A message is told when something else comes, at the end of a paragraph, or when so much of it is there. */
const most = 2_000

/** Calls that have not ended; more than that are forgotten, the oldest first. */
const mostCalls = 1_000

export class Reader {
  readonly #agent: string
  readonly #heard: Reading.Transcript
  readonly #failed: RegExp | undefined
  #isDenied = false
  /** The last message. */
  #last = ""
  readonly #calls = new Map<string, Call>()
  #used: Readonly<Record<string, number>> = {}
  #said: { readonly kind: "message" | "thought"; text: string } | undefined

  constructor(agent: string, { failed, seen }: Pick<Preset, "failed" | "seen">) {
    this.#agent = agent
    this.#failed = failed
    this.#heard = new Reading.Transcript({ agent, seen: [seen] })
  }

  /** Something that it asked for. */
  denied(): void {
    this.#isDenied = true
  }

  session(id: string): Events {
    return this.#heard.session(id)
  }

  /** A line that is no message of the protocol. */
  line(text: string): Events {
    return this.#heard.line(text, "stdout")
  }

  error(text: string): Events {
    return [...this.#heard.line(text, "stderr"), ...this.sign(text)]
  }

  /** Of a line that nobody keeps: whether something goes wrong. */
  sign(text: string): Events {
    const failure = early(this.#agent, text)
    return failure === undefined ? [] : [Agent.signal(failure)]
  }

  /** The last that was heard beside the protocol. */
  get evidence(): ReadonlyArray<string> {
    return this.#heard.evidence
  }

  update(update: Json): Events {
    switch (update["sessionUpdate"]) {
      case "agent_message_chunk":
        return [...this.#chunk("message", update), ...this.#spent(at(update, "_meta", "usage"), true)]
      case "agent_thought_chunk":
        return this.#chunk("thought", update)
      case "tool_call":
      case "tool_call_update":
        return this.call(update)
      case "plan":
        return this.#did("todo_updated", { items: asObjects(update["entries"]) })
      case "usage_update":
        return this.#cost(update)
      default:
        return []
    }
  }

  /** Also what a question of permission tells of its call: with some agents that is the first word of it. */
  call(update: Json): Events {
    const id = asText(update["toolCallId"]) ?? ""
    const call = this.#calls.get(id) ?? { facts: {}, started: false }
    call.facts = merged(call.facts, update)
    this.#calls.set(id, call)
    if (this.#calls.size > mostCalls) this.#calls.delete(this.#calls.keys().next().value!)
    const status = asText(call.facts["status"])
    const isOver = status === "completed" || status === "failed"
    if (isOver) this.#calls.delete(id)
    return [...this.#started(id, call, isOver), ...(isOver ? this.#finished(id, call.facts, status) : [])]
  }

  /** All that is known of a call. */
  known(toolCall: Json): Json {
    return merged(this.#calls.get(asText(toolCall["toolCallId"]) ?? "")?.facts ?? {}, toolCall)
  }

  /** The turn is over: what was still to be told, and its answer. */
  end(response: Json): { readonly events: Events; readonly end: Agent.Answer | Failure.Failure } {
    const events = [...this.flush(), ...this.#spent(response["usage"]), ...this.#spent(quota(response))]
    const stopped = this.#failure(response) ?? ofStop(this.#agent, response["stopReason"])
    // Codex ends its turn over a no, and has said what it wanted to: others go on to the same end.
    const isOver = stopped?.class === "interrupted" && this.#isDenied
    if (stopped !== undefined && !isOver) return { events, end: stopped }
    this.#heard.succeeded()
    const end = this.#heard.end({ code: 0, signal: null, timed_out: false, lost: false, ended_at: 0 })
    return { events, end }
  }

  #failure(response: Json): Failure.Failure | undefined {
    const said = response["usage"] === undefined ? this.#failed?.exec(this.#last)?.[1] : undefined
    return said === undefined ? undefined : failureOf(this.#agent, { code: 0, message: said })
  }

  flush(): Events {
    const said = this.#said
    if (said?.kind === "message") this.#last = said.text
    this.#said = undefined
    if (said === undefined || said.text === "") return []
    return said.kind === "message"
      ? this.#heard.said(said.text, true)
      : this.#heard.did("reasoning", { text: said.text })
  }

  #chunk(kind: "message" | "thought", update: Json): Events {
    const text = asText(at(update, "content", "text")) ?? ""
    if (text === "") return []
    const before = this.#said?.kind === kind ? [] : this.flush()
    this.#said = { kind, text: (this.#said?.text ?? "") + text }
    const isWhole = this.#said.text.length >= most || (kind === "message" && this.#said.text.endsWith("\n\n"))
    return isWhole ? [...before, ...this.flush()] : before
  }

  #did(type: string, data: Json): Events {
    return [...this.flush(), ...this.#heard.did(type, data)]
  }

  #started(id: string, call: Call, isOver: boolean): Events {
    const { facts } = call
    const command = commandOf(facts) ?? (isOver ? asText(facts["title"]) : undefined)
    if (call.started || (kindOf(facts) === "execute" && command === undefined)) return []
    call.started = true
    return kindOf(facts) === "execute"
      ? this.#did("command_started", { command, id })
      : this.#did("tool_started", {
          tool: nameOf(facts),
          arguments: asObject(facts["rawInput"]),
          title: facts["title"],
          id,
        })
  }

  #finished(id: string, facts: Json, status: string): Events {
    const result = outputOf(facts)
    const told =
      kindOf(facts) === "execute"
        ? this.#did("command_finished", {
            command: commandOf(facts),
            exit_code:
              asNumber(at(facts, "rawOutput", "metadata", "exit")) ??
              asNumber(at(facts, "rawOutput", "exitCode")),
            output: result,
            status,
            id,
          })
        : this.#did("tool_finished", { tool: nameOf(facts), result, status, id })
    return status === "completed" ? [...told, ...this.#changed(facts)] : told
  }

  #changed(facts: Json): Events {
    const kind = changes[kindOf(facts)]
    const diffs = diffsOf(facts)
    const changed =
      diffs.length > 0
        ? diffs.map(({ oldText, path }) => ({ path, kind: asText(oldText) ? "update" : "add" }))
        : pathsOf(facts).map((path) => ({ path, kind }))
    if ((kind === undefined && diffs.length === 0) || changed.length === 0) return []
    return this.#did("file_changed", { changes: changed, diff: changesOf(facts) })
  }

  /** Amounts of the whole turn; with `add`, of one request of it. */
  #spent(usage: unknown, add = false): Events {
    const told = {
      input_tokens: at(usage, "inputTokens") ?? at(usage, "input_tokens"),
      output_tokens: at(usage, "outputTokens") ?? at(usage, "output_tokens"),
      reasoning_tokens: at(usage, "thoughtTokens"),
      cached_input_tokens: at(usage, "cachedReadTokens"),
    }
    return this.#noted(told, add)
  }

  /** Counted over the session. */
  #cost(update: Json): Events {
    return at(update, "cost", "currency") === "USD"
      ? this.#noted({ cost_usd: at(update, "cost", "amount") })
      : []
  }

  #noted(told: Json, add = false): Events {
    const numbers = Object.entries(told).flatMap(([key, value]) => {
      const number = asNumber(value)
      return number === undefined ? [] : [[key, number + (add ? (this.#used[key] ?? 0) : 0)] as const]
    })
    if (numbers.length === 0) return []
    this.#used = { ...this.#used, ...Object.fromEntries(numbers) }
    return this.#heard.used(this.#used)
  }
}

const changes: Readonly<Record<string, string | undefined>> = {
  edit: "update",
  delete: "delete",
  move: "update",
}

/** Where Gemini CLI tells what a turn has used. */
const quota = (response: Json): unknown => at(response, "_meta", "quota", "token_count")

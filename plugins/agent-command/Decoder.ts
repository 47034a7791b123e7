/** Reads one attempt of a described program. */
import { Agent, type Exit, Failure, Reading } from "hub/plugin"
import type { Config } from "./Config.ts"
import type { EventRule } from "./EventRule.ts"
import * as Path from "./Path.ts"
import { type Hit, meets, reads, type Rule, rules } from "./Rules.ts"
import * as Verdict from "./Verdict.ts"

const { cut, end: endOf, Excerpt, objectIn, Tail, withoutAnsi } = Reading

type Stream = "stdout" | "stderr"

interface Meaning {
  readonly when: Path.Match
  readonly as: EventRule["as"]
  readonly take: ReadonlyArray<readonly [key: string, path: Path.Path]>
  readonly join: boolean
}

/** The config, ready for any number of attempts. */
export interface Description {
  readonly agent: string
  readonly config: Config
  readonly rules: ReadonlyArray<Rule>
  readonly meanings: ReadonlyArray<Meaning>
}

const describe = (agent: string, config: Config): Description => ({
  agent,
  config,
  rules: rules(config),
  meanings: config.event.map(({ as, join, take, when }) => ({
    as,
    join,
    when: Path.match(when),
    take: Object.entries(take).map(([key, path]) => [key, Path.parse(path)] as const),
  })),
})

/** Plain text of a line in an event. */
const shown = 2000

/** A JSON document is read at the end, up to this many characters. */
const document = 16_000_000

export const decoder = (
  agent: string,
  request: Pick<Agent.AgentRequest, "output_schema">,
  config: Config,
): Agent.Decoder => {
  const description = describe(agent, config)
  const attempt = new Attempt(description, request.output_schema !== undefined)
  return {
    feed: (line, stream) => attempt.feed(line, stream),
    end: (exit) => attempt.end(exit),
    may_skip: description.config.output === "text" && !description.rules.some((rule) => rule.early),
  }
}

class Attempt implements Verdict.Seen {
  readonly agent: string
  readonly rules: ReadonlyArray<Rule>
  readonly hits = new Map<Rule, Hit>()
  readonly plain = { stdout: new Excerpt(), stderr: new Excerpt() }
  readonly all = { stdout: new Excerpt(), stderr: new Excerpt() }
  readonly #is: Description
  readonly #wantsData: boolean
  readonly #tail: Reading.Tail
  #message: { readonly text: Reading.Tail; readonly open: boolean } | undefined
  #answer: { readonly text?: string; readonly data?: unknown } | undefined
  #session: string | undefined
  #usage: Readonly<Record<string, number>> | undefined
  #succeeded = false
  #understood = 0
  #alarmed = false
  #document: Array<string> = []
  #length = 0

  constructor(description: Description, wantsData: boolean) {
    this.#is = description
    this.#wantsData = wantsData
    this.agent = description.agent
    this.rules = description.rules
    this.#tail = new Tail(description.config.answer_max_bytes)
  }

  feed(line: string, stream: Stream): ReadonlyArray<Agent.AgentEvent> {
    const { output, strip_ansi } = this.#is.config
    this.all[stream].add(cut(line))
    if (stream === "stdout" && output === "json-lines") {
      const object = objectIn(line)
      if (object !== undefined) return this.#object(object, line)
    }
    if (stream === "stdout" && output === "json") return this.#keep(line)
    const text = strip_ansi ? withoutAnsi(line) : line
    if (stream === "stdout" && output === "text") this.#tail.add(text)
    return this.#line(text, stream)
  }

  end(exit: Exit): Agent.Answer | Failure.Failure {
    this.#readDocument()
    if (exit.code !== 0)
      return Verdict.ofFailure(this, exit, Verdict.ended(this.agent, exit, Verdict.lastLines(this)))
    const denied = Verdict.ofSuccess(this, exit) ?? this.#unfinished(exit)
    if (denied !== undefined) return denied
    const answer = this.#whole()
    return answer.text === "" && answer.data === undefined && this.#is.config.empty_answer === "crashed"
      ? Verdict.ofFailure(this, exit, `${this.agent} ended without an answer.`)
      : answer
  }

  /** Exit 0 without the program's own word that all went well. */
  #unfinished(exit: Exit): Failure.Failure | undefined {
    const { agent, config } = this.#is
    if (this.#succeeded || !config.event.some(({ as }) => as === "success")) return undefined
    const failure = Verdict.ofFailure(
      this,
      exit,
      `${agent} ended with exit 0 and without the event that means success.`,
    )
    return this.#understood > 0 || failure.class !== "crashed"
      ? failure
      : mismatch(agent, config.output, failure)
  }

  #line(text: string, stream: Stream): ReadonlyArray<Agent.AgentEvent> {
    const line = cut(text)
    this.plain[stream].add(line)
    const signals = this.#signals((rule) => (rule.early ? reads(rule, line, stream) : undefined))
    if (signals.length > 0) return [Agent.output(cut(text, shown), stream), ...signals]
    // After an alarm the first words of the answer show that the program goes on.
    const goesOn =
      this.#alarmed && stream === "stdout" && this.#is.config.output === "text" && line.trim() !== ""
    if (goesOn) this.#alarmed = false
    return [goesOn ? Agent.message(cut(text, shown)) : Agent.output(cut(text, shown), stream)]
  }

  #object(object: object, line: string): ReadonlyArray<Agent.AgentEvent> {
    const fitting = this.#is.meanings.filter(({ when }) => Path.holds(when, object))
    const events = fitting.flatMap((meaning) => this.#event(meaning, object))
    // After the events: an object that means success and failure is a failure.
    const signals = this.#signals((rule) => meets(rule, object, line))
    if (fitting.length > 0 || this.hits.size > 0) this.#understood++
    return [...events, ...signals]
  }

  /** Notes what the rules meet, and gives the early ones as signals. */
  #signals(hitBy: (rule: Rule) => Hit | undefined): ReadonlyArray<Agent.AgentEvent> {
    const signals: Array<Agent.AgentEvent> = []
    for (const rule of this.rules) {
      const hit = hitBy(rule)
      if (hit === undefined) continue
      this.hits.set(rule, hit)
      if (rule.early) signals.push(Agent.signal(Verdict.early(this.agent, rule, hit)))
    }
    if (signals.length > 0) this.#alarmed = true
    // The first rule that fits decides.
    return signals.slice(0, 1)
  }

  #event({ as, join, take }: Meaning, object: object): ReadonlyArray<Agent.AgentEvent> {
    const data: Record<string, unknown> = {}
    for (const [key, path] of take) {
      const found = key === "text" ? Path.text(object, path) : Path.value(object, path)
      if (found !== undefined && found !== "") data[key] = found
    }
    switch (as) {
      case "success":
        this.#succeeded = true
        // The last word counts: some report a failure, try again by themselves, and get through.
        this.hits.clear()
        return []
      case "answer":
        if (Object.keys(data).length > 0) this.#answer = data
        return []
      case "session_started":
        return this.#sessionStarted(data["session_id"])
      case "usage":
        return this.#used(data, join)
      case "agent_message":
        return this.#said(data, join)
      default:
        if (this.#message !== undefined) this.#message = { ...this.#message, open: false }
        return as === "reasoning" && data["text"] === undefined ? [] : [{ type: as, data }]
    }
  }

  #sessionStarted(id: unknown): ReadonlyArray<Agent.AgentEvent> {
    if (typeof id !== "string" || id === this.#session) return []
    this.#session = id
    return [Agent.session(id)]
  }

  #used(data: Readonly<Record<string, unknown>>, add: boolean): ReadonlyArray<Agent.AgentEvent> {
    const amounts = Object.entries(data).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number",
    )
    if (amounts.length === 0) return []
    const before = add ? this.#usage : undefined
    this.#usage = Object.fromEntries(amounts.map(([key, amount]) => [key, amount + (before?.[key] ?? 0)]))
    return [Agent.usage(this.#usage)]
  }

  #said(data: Readonly<Record<string, unknown>>, join: boolean): ReadonlyArray<Agent.AgentEvent> {
    const text = data["text"]
    if (typeof text !== "string") return []
    const goesOn = join && this.#message?.open === true
    const message =
      goesOn && this.#message !== undefined ? this.#message.text : new Tail(this.#is.config.answer_max_bytes)
    message.add(text, goesOn)
    this.#message = { text: message, open: join }
    return [{ type: "agent_message", data: join ? { ...data, delta: true } : data }]
  }

  #keep(line: string): ReadonlyArray<Agent.AgentEvent> {
    this.#length += line.length + 1
    if (this.#length <= document) this.#document.push(line)
    return []
  }

  /** A JSON document may come after lines of noise. */
  #readDocument(): void {
    if (this.#is.config.output !== "json" || this.#length === 0) return
    const lines = this.#length <= document ? this.#document : []
    const start = lines.findIndex((line) => /^\s*[[{]/.test(line))
    const value = start < 0 ? undefined : parsed(lines.slice(start).join("\n"))
    if (value === undefined) for (const line of lines) this.plain.stdout.add(cut(line))
    for (const one of Array.isArray(value) ? value : [value])
      if (typeof one === "object" && one !== null) this.#object(one, JSON.stringify(one))
  }

  #whole(): Agent.Answer {
    const { config } = this.#is
    const told =
      config.output === "text"
        ? this.#tail.text
        : this.#answer?.text === undefined
          ? (this.#message?.text.text ?? { text: "", truncated: false })
          : endOf(this.#answer.text, config.answer_max_bytes)
    const data = this.#answer?.data ?? (this.#wantsData ? parsed(told.text) : undefined)
    return {
      text: told.text,
      ...(told.truncated ? { truncated: true } : {}),
      ...(data === undefined ? {} : { data }),
      ...(this.#session === undefined ? {} : { session_id: this.#session }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
    }
  }
}

const mismatch = (agent: string, output: string, { facts }: Failure.Failure): Failure.Failure =>
  Failure.of("adapter_mismatch", `${agent} wrote nothing that its config's ${output} rules know.`, {
    ...(facts.exit_code === undefined ? {} : { exit_code: facts.exit_code }),
    ...(facts.evidence === undefined ? {} : { evidence: facts.evidence }),
  })

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

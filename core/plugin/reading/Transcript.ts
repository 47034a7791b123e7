/** What was heard of one attempt, bounded, and what it comes to. The memory behind a decoder of JSON lines. */
import { type AgentEvent, type Answer, message, output, session, usage } from "../Agent.ts"
import { Failure, type FailureClass, type FailureFacts, of as failureOf } from "../Failure.ts"
import type { Exit } from "../../services/Supervisor.ts"
import { cut, end as endOf, Excerpt, Tail } from "./Lines.ts"

/** Text of a plain line in an event. */
const shown = 2000
/** Text of one event's field. */
const longest = 4000

export interface TranscriptOptions {
  /** For sentences. */
  readonly agent: string
  /** Versions of the agent that the decoder was tried with: `2.1.329`. Named when nothing is understood. */
  readonly seen: ReadonlyArray<string>
  /** The last bytes that an answer keeps. 1 MB unless told. */
  readonly answer_max_bytes?: number | undefined
}

type Stream = "stdout" | "stderr"
type More = Partial<Omit<FailureFacts, "class" | "message">>

export class Transcript {
  readonly #options: TranscriptOptions
  readonly #most: number
  readonly #heard = { stdout: new Excerpt(), stderr: new Excerpt() }
  #said: Tail
  #joins = false
  #answer: { readonly text?: string | undefined; readonly data?: unknown } = {}
  #session: string | undefined
  #usage: Readonly<Record<string, number>> | undefined
  // Facts alone: an error is made at the end, for it costs as much as reading a hundred lines.
  #failure: FailureFacts | undefined
  #succeeded = false
  #understood = 0

  constructor(options: TranscriptOptions) {
    this.#options = options
    this.#most = options.answer_max_bytes ?? 1_000_000
    this.#said = new Tail(this.#most)
  }

  /** A line that is no event of the stream: kept as text, and as evidence. */
  line(text: string, stream: Stream): ReadonlyArray<AgentEvent> {
    this.note(text, stream)
    return [output(cut(text, shown), stream)]
  }

  /** Keeps a line as evidence only. */
  note(text: string, stream: Stream): void {
    this.#heard[stream].add(cut(text))
  }

  /** A line was an event that the decoder knows. */
  understood(): void {
    this.#understood++
  }

  /** The agent's own session. An event when it is another one. */
  session(id: unknown): ReadonlyArray<AgentEvent> {
    if (typeof id !== "string" || id === "" || id === this.#session) return []
    this.#session = id
    return [session(id)]
  }

  /** Words for the person. The last message is the answer. `delta`: goes on with the message before. */
  said(text: unknown, delta = false): ReadonlyArray<AgentEvent> {
    if (typeof text !== "string" || text === "") return []
    const goesOn = delta && this.#joins
    if (!goesOn) this.#said = new Tail(this.#most)
    this.#said.add(text, goesOn)
    this.#joins = delta
    const event = message(cut(text, longest))
    return [delta ? { type: event.type, data: { ...event.data, delta: true } } : event]
  }

  /** Something else happened: the next words are a message of their own. */
  did(type: AgentEvent["type"], data: Readonly<Record<string, unknown>>): ReadonlyArray<AgentEvent> {
    this.#joins = false
    return [
      { type, data: Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined)) },
    ]
  }

  /** Amounts of the whole attempt so far; with `add`, of one step more. What is no number is left out. */
  used(amounts: Readonly<Record<string, unknown>>, add = false): ReadonlyArray<AgentEvent> {
    const numbers = Object.entries(amounts).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number" && Number.isFinite(entry[1]),
    )
    if (numbers.length === 0) return []
    const before = add ? this.#usage : undefined
    this.#usage = {
      ...before,
      ...Object.fromEntries(numbers.map(([key, n]) => [key, n + (before?.[key] ?? 0)])),
    }
    return [usage(this.#usage)]
  }

  /** The agent told that it failed. Its last word counts: `succeeded` takes it back. */
  failed(class_: FailureClass, text: string, more: More = {}): void {
    this.#failure = {
      class: class_,
      message: `${this.#options.agent} said: ${brief(text, 300)}`,
      evidence: [brief(text, 500)],
      ...more,
    }
  }

  /** What it told last is known better from elsewhere, such as its exit code. */
  meant(class_: FailureClass): void {
    if (this.#failure !== undefined) this.#failure = { ...this.#failure, class: class_ }
  }

  /** The agent told that something stands in its way, and that it tries again by itself. */
  alarm(class_: FailureClass, text: string, more: More = {}): ReadonlyArray<AgentEvent> {
    this.failed(class_, text, more)
    return [{ type: "signal", data: { ...this.#failure } }]
  }

  /** The agent's own word that all went well. */
  succeeded(answer: { readonly text?: unknown; readonly data?: unknown } = {}): void {
    this.#succeeded = true
    this.#failure = undefined
    if (typeof answer.text === "string") this.#answer = { ...this.#answer, text: answer.text }
    if (answer.data !== undefined && answer.data !== null)
      this.#answer = { ...this.#answer, data: answer.data }
  }

  /** The last lines of both streams, and the failure that was told last. */
  get evidence(): ReadonlyArray<string> {
    return [...last(this.#heard.stdout, 8), ...last(this.#heard.stderr, 12)]
  }

  /** All that is remembered of a stream's plain lines, for rules on texts. */
  lines(stream: Stream): ReadonlyArray<string> {
    return this.#heard[stream].lines
  }

  /** What it told last. */
  get failure(): { readonly facts: FailureFacts } | undefined {
    return this.#failure && { facts: this.#failure }
  }

  /** `explain` reads an end that the stream does not explain: exit codes, texts on stderr. */
  end(exit: Exit, explain: (exit: Exit) => Failure | undefined = () => undefined): Answer | Failure {
    if (this.#failure !== undefined) return new Failure({ ...this.#failure, ...exitFacts(exit) })
    if (exit.code !== 0 || !this.#succeeded) return this.#unexplained(exit, explain).with(exitFacts(exit))
    const answer = this.#whole()
    if (answer.text !== "" || answer.data !== undefined) return answer
    return failureOf("crashed", `${this.#options.agent} ended well, and without an answer.`, {
      ...exitFacts(exit),
      evidence: this.evidence,
    })
  }

  #unexplained(exit: Exit, explain: (exit: Exit) => Failure | undefined): Failure {
    const { agent, seen } = this.#options
    const explained = explain(exit)
    if (explained !== undefined) return explained.with({ evidence: this.evidence })
    const how =
      exit.signal === null ? `ended with exit ${exit.code ?? "unknown"}` : `was ended by ${exit.signal}`
    const { evidence } = this
    if (exit.code === 0 && this.#understood === 0 && this.#heard.stdout.lines.length > 0)
      return failureOf(
        "adapter_mismatch",
        `${agent} wrote nothing that this adapter knows; it was made with version ${seen.join(" and ")}. \`hub doctor agents\` tells which one is installed.`,
        { evidence },
      )
    const words = evidence.at(-1)
    return failureOf(
      "crashed",
      words === undefined
        ? `${agent} ${how}, without a word on why.`
        : `${agent} ${how} before it said that it is done: ${brief(words, 200)}`,
      { evidence },
    )
  }

  #whole(): Answer {
    const told = this.#answer.text === undefined ? this.#said.text : endOf(this.#answer.text, this.#most)
    return {
      text: told.text,
      ...(told.truncated ? { truncated: true } : {}),
      ...(this.#answer.data === undefined ? {} : { data: this.#answer.data }),
      ...(this.#session === undefined ? {} : { session_id: this.#session }),
      ...(this.#usage === undefined ? {} : { usage: this.#usage }),
    }
  }
}

const exitFacts = (exit: Exit): Pick<FailureFacts, "exit_code" | "signal"> => ({
  ...(exit.code === null ? {} : { exit_code: exit.code }),
  ...(exit.signal === null ? {} : { signal: exit.signal }),
})

const last = (excerpt: Excerpt, most: number): ReadonlyArray<string> =>
  excerpt.lines
    .filter((line) => line.trim() !== "")
    .slice(-most)
    .map((line) => brief(line, 500))

/** One line of at most so many letters. */
export const brief = (text: string, most: number): string => {
  const line = text.replace(/\s+/g, " ").trim()
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`
}

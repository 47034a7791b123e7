/** droid's log, written to stderr for us: while it asks again and again, its stream says nothing for a minute and a half. */
import { type Agent, type Failure, Reading } from "hub/plugin"
import { classOf } from "./Failures.ts"

type Events = ReadonlyArray<Agent.AgentEvent>

/** `[2026-11-21T14:23:56.305Z] WARN: [LLM] LLM error | Context: {…}`. */
const head = /^\[\d{4}-\d\d-\d\dT[\d:.]+Z\] ([A-Z]+): (.*)$/
/** What belongs to the record before. */
const more = /^(?:\s+at |Caused by:| *\| Context: |\w*Error: )/
const cause = /^\w*Error: (.+)$/

export class Log {
  readonly #heard: Reading.Transcript
  /** Of the record before. */
  #level: string | undefined
  /** Of a request that failed, until its cause is told. */
  #class: Failure.FailureClass | undefined

  constructor(heard: Reading.Transcript) {
    this.#heard = heard
  }

  /** Nothing for a line that is not of the log. */
  line(line: string): Events | undefined {
    const [, level, text = ""] = head.exec(line) ?? []
    if (level !== undefined) return this.#record(level, text)
    if (this.#level === undefined || !more.test(line)) return undefined
    const words = cause.exec(line)?.[1]
    if (words !== undefined && this.#level === "ERROR") this.#heard.note(line, "stderr")
    return this.#cause(words)
  }

  #record(level: string, text: string): Events {
    this.#level = level
    if (level === "ERROR") this.#heard.note(Reading.brief(text, 300), "stderr")
    if (text.startsWith("[LLM] LLM error")) return this.#failed(text)
    if (text !== "Retry attempt failed") this.#class = undefined
    return []
  }

  #failed(text: string): Events {
    const { failureReason, statusCode } = Reading.objectIn(text.slice(text.indexOf("{"))) ?? {}
    const status = Reading.asNumber(statusCode)
    this.#class = Reading.classOfStatus(status) ?? (failureReason === "networkError" ? "network" : "crashed")
    return this.#alarm(this.#class, `a request failed: ${status ?? "no answer"}, ${String(failureReason)}`)
  }

  /** The words of the server, which may tell more than its status. */
  #cause(words: string | undefined): Events {
    if (words === undefined || this.#class === undefined) return []
    const [known, told] = [this.#class, classOf(words)]
    this.#class = undefined
    return this.#alarm(told === "crashed" ? known : told, words)
  }

  /** That it asks again is no failure yet, unless one knows which. */
  #alarm(class_: Failure.FailureClass, words: string): Events {
    return class_ === "crashed" ? [] : this.#heard.alarm(class_, words)
  }
}

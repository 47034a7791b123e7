/** Qwen Code's telemetry, written to stderr for us: while it asks again and again, its stream says nothing for a minute and more. */
import { type Agent, Reading } from "hub/plugin"
import { classOf } from "./Failures.ts"

type Events = ReadonlyArray<Agent.AgentEvent>

/** A member of a record's `attributes`, which it writes one to a line: `    "status_code": 429,`. */
const member = /^ {4}("[\w.]+": .+?),?$/

export class Telemetry {
  readonly #heard: Reading.Transcript
  /** Between the braces of a record. */
  #inside = false
  /** What was told so far of a request that it repeats. */
  #retry: Reading.Json | undefined

  constructor(heard: Reading.Transcript) {
    this.#heard = heard
  }

  /** Nothing for a line that is not of a record. */
  line(line: string): Events | undefined {
    if (line === "{" || line === "}") return this.#bound(line === "{")
    if (!this.#inside || !line.startsWith("  ")) return undefined
    const told = Reading.objectIn(`{${member.exec(line)?.[1] ?? ""}}`) ?? {}
    if (told["event.name"] === "qwen-code.api_retry") this.#retry = told
    else if (this.#retry !== undefined) this.#retry = { ...this.#retry, ...told }
    return []
  }

  #bound(opens: boolean): Events {
    const retry = this.#retry
    this.#inside = opens
    this.#retry = undefined
    return retry === undefined ? [] : this.#alarm(retry)
  }

  #alarm({ error_message, prompt_id, retry_delay_ms, status_code }: Reading.Json): Events {
    // What it wants to remember of the work does not hold up the work.
    if (String(prompt_id).includes("#managed-auto-memory")) return []
    const text = Reading.asText(error_message) ?? "it asks again, and does not say why"
    const retry_after_ms = Reading.asNumber(retry_delay_ms)
    return this.#heard.alarm(
      classOf(text, Reading.asNumber(status_code)) ?? "network",
      text,
      retry_after_ms === undefined ? {} : { retry_after_ms: Math.round(retry_after_ms) },
    )
  }
}

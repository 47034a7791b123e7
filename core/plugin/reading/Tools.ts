/** An agent's tools: named with what they are given when one starts, and only by the id of the call when it ends. */
import type { AgentEvent } from "../Agent.ts"
import { asObject, asText } from "./Json.ts"
import type { Transcript } from "./Transcript.ts"

/** The tools that are more than a name. */
export interface ToolNames {
  /** Runs the `command` of its input. */
  readonly shell: string
  /** Writes down the `todos` of its input. */
  readonly todo?: string
  /** Asks the person. */
  readonly question?: string
  /** What each of those that change the file at `file_path`, or `path`, does to it: `add`, `update`, `write`. */
  readonly editors?: Readonly<Record<string, string>>
}

export interface ToolEnd {
  readonly ok: boolean
  readonly result: unknown
  /** In the agent's own word. `completed` or `failed` when left out. */
  readonly status?: unknown
  /** Its name, where the end tells it too. */
  readonly tool?: unknown
  readonly exit_code?: number | undefined
  /** What it did to a file, where the end tells that better than the start. */
  readonly change?: { readonly path: unknown; readonly kind: string }
}

type Events = ReadonlyArray<AgentEvent>

interface Call {
  readonly tool: string
  readonly command: unknown
  readonly path: unknown
}

/** Calls without an end that are remembered. */
const most = 1000

export class Tools {
  readonly #calls = new Map<string, Call>()
  readonly #heard: Transcript
  readonly #names: ToolNames

  constructor(heard: Transcript, names: ToolNames) {
    this.#heard = heard
    this.#names = names
  }

  started(call: unknown, name: unknown, input: unknown): Events {
    const [id, tool, given] = [asText(call) ?? "", asText(name) ?? "", asObject(input) ?? {}]
    this.#remember(id, { tool, command: given["command"], path: given["file_path"] ?? given["path"] })
    const { question, shell, todo } = this.#names
    if (tool === shell) return this.#heard.did("command_started", { command: given["command"], id })
    if (tool === todo) return this.#heard.did("todo_updated", { items: given["todos"] })
    if (tool === question) return this.#heard.did("input_required", { text: JSON.stringify(given) })
    return this.#heard.did("tool_started", { tool, arguments: given, id })
  }

  finished(call: unknown, end: ToolEnd): Events {
    const { exit_code, ok, result, status = ok ? "completed" : "failed" } = end
    const id = asText(call) ?? ""
    const begun = this.#calls.get(id)
    this.#calls.delete(id)
    const tool = begun?.tool ?? asText(end.tool) ?? ""
    if (tool === this.#names.shell)
      return this.#heard.did("command_finished", {
        command: begun?.command,
        output: result,
        status,
        exit_code,
        id,
      })
    const { kind, path } = end.change ?? { kind: this.#names.editors?.[tool], path: begun?.path }
    const changed =
      ok && this.#names.editors?.[tool] !== undefined && typeof path === "string"
        ? this.#heard.did("file_changed", { changes: [{ path, kind }] })
        : []
    return [...this.#heard.did("tool_finished", { tool, id, result, status }), ...changed]
  }

  #remember(id: string, call: Call): void {
    const [oldest] = this.#calls.size < most ? [] : this.#calls.keys()
    if (oldest !== undefined) this.#calls.delete(oldest)
    this.#calls.set(id, call)
  }
}

/** An agent as data: how to start it and how to read it. Core owns the process. */
import { type Duration, type Effect, Schema, type Stream } from "effect"
import type { Finished, ProcessError, Stdin } from "../services/Processes.ts"
import type { Exit } from "../services/Supervisor.ts"
import type { Failure } from "./Failure.ts"

/** From least to most. `ask`: a person, or a table that one wrote, decides on whatever is more than looking. */
export const permissions = ["restricted", "ask", "auto", "bypass"] as const
export type Permission = (typeof permissions)[number]

/** What the agent can be asked. A pipeline that asks for more is refused when it is resolved, and so is any other request before `launch`. */
export interface Supports {
  /** Continue a session by its id. */
  readonly resume?: boolean | undefined
  /** Begin a session with the history of another one, which stays as it was. */
  readonly fork?: boolean | undefined
  /** Its sessions go on only in the folder that they began in. */
  readonly resume_in_folder?: boolean | undefined
  readonly permission?: ReadonlyArray<Permission> | undefined
  readonly model?: boolean | undefined
  readonly output_schema?: boolean | undefined
  readonly system_prompt?: boolean | undefined
  /** Wants the hub's own tools in each run, as one of `AgentRequest.mcp`. */
  readonly hub_tools?: boolean | undefined
}

/** An MCP server on stdio that the agent starts for one run, whatever its own configuration says. */
export interface McpServer {
  readonly name: string
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
}

/** One piece of work for an agent. */
export interface AgentRequest {
  readonly run_id: string
  /** 1, 2, 3 … inside the run. */
  readonly attempt: number
  readonly prompt: string
  /** Absolute folder to work in. */
  readonly cwd: string
  readonly model?: string | undefined
  readonly system?: string | undefined
  readonly permission?: Permission | undefined
  /** JSON Schema that the answer must meet. */
  readonly output_schema?: Schema.JsonObject | undefined
  /** The agent's own session to go on with. */
  readonly session?:
    | {
        readonly id: string
        readonly fork?: boolean | undefined
        /** What the newest attempt in it had used, for agents that count over a whole session. */
        readonly usage?: Readonly<Record<string, number>> | undefined
      }
    | undefined
  /** Servers to hand to the agent. Only for agents that want some: see `Supports`. */
  readonly mcp?: ReadonlyArray<McpServer> | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Folder of this attempt, mode 0700, for files that the launch needs; `prompt_file` stands in it. */
  readonly dir: string
  /** The prompt as a file, written before the start. */
  readonly prompt_file: string
}

/** How to start the program. Longest argument on Linux: 128 KB, so hand longer prompts over by stdin or file. */
export interface Launch {
  readonly program: string
  readonly args: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  readonly stdin?: Stdin | undefined
  /** Files to write into `request.dir` before the start, by name; mode 0600. */
  readonly files?: Readonly<Record<string, string>> | undefined
}

/**
 * One thing that an agent did. Types in use: `session_started { session_id }`, `agent_message { text }`,
 * `reasoning { text }`, `command_started { command }`, `command_finished { command, exit_code, output }`,
 * `tool_started { tool, arguments }`, `tool_finished { tool, result, status }`, `file_changed { changes }`,
 * `todo_updated { items }`, `input_required { text }`, `permission_decided { tool, text, decision, because }`, `usage { input_tokens, output_tokens, cost_usd }` (what begins with
 * `session_` counts over the whole session: `session_input_tokens`),
 * `output { text, stream }` for a line that is no event, `signal { class, message, retry_after_ms }`.
 */
export interface AgentEvent {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface Answer {
  readonly text: string
  /** `text` is only the tail; the whole stands in the attempt's spool. */
  readonly truncated?: boolean | undefined
  /** The answer as JSON, when the agent gives one. */
  readonly data?: unknown
  readonly session_id?: string | undefined
  readonly usage?: Readonly<Record<string, number>> | undefined
}

/** Reads one attempt's output. Fresh for each attempt; deterministic, since a restarted hub reads from the first byte again. */
export interface Decoder {
  readonly feed: (line: string, stream: "stdout" | "stderr") => ReadonlyArray<AgentEvent>
  /** Called once, when everything is read. Success is what the agent's own terminal event says. */
  readonly end: (exit: Exit) => Answer | Failure
  /** Wants the tail only: may be fed with a gap when the program writes faster than the hub reads. */
  readonly may_skip?: boolean | undefined
}

/** What `doctor` learns without a request to the vendor. */
export interface Probe {
  readonly installed: boolean
  readonly path?: string | undefined
  readonly version?: string | undefined
  /** As far as files and variables tell. Left out: they tell nothing. */
  readonly logged_in?: boolean | undefined
  /** How a person logs in, a full sentence. */
  readonly login?: string | undefined
  /** The version that the adapter was made with: `2.1.329`. */
  readonly seen?: string | undefined
  readonly flags?: ProbedFlags | undefined
  readonly notes: ReadonlyArray<string>
}

/** What the adapter may say on the command line, for a comparison with the program's own help. */
export interface ProbedFlags {
  /** Arguments that print the help: `["exec", "--help"]`. */
  readonly help: ReadonlyArray<string>
  /** Flags and subcommands as they stand in it. None that works and is not told. */
  readonly used: ReadonlyArray<string>
}

/** Tools that a probe may use. */
export interface Prober {
  readonly which: (program: string) => Effect.Effect<string, ProcessError>
  /** Ended after 5 seconds. */
  readonly run: (program: string, args: ReadonlyArray<string>) => Effect.Effect<Finished, ProcessError>
  /** The user's home, absolute. */
  readonly home: string
  /** Of the hub, as the agents get it. */
  readonly env: (name: string) => string | undefined
  readonly exists: (path: string) => Effect.Effect<boolean>
  /** Version of the npm package that the program stands in, links followed. Starts nothing. */
  readonly packaged: (path: string) => Effect.Effect<string | undefined>
}

/** How the hub is registered as an MCP server in this agent's own configuration. */
export interface ClientConfig {
  /** Below the user's home. */
  readonly file: string
  readonly format: "json" | "jsonc" | "toml"
  /** Where the servers stand in it. */
  readonly at: ReadonlyArray<string>
  readonly entry: (hub: string) => Readonly<Record<string, unknown>>
}

export interface ProgramAgent {
  readonly kind: "program"
  readonly id: string
  readonly summary: string
  /** What `launch` starts, a name on PATH or an absolute path: with it, lists tell where it is not installed. */
  readonly program?: string | undefined
  readonly supports: Supports
  /** Pure. A Failure when the request asks for what the agent cannot do, and `supports` has no word for. */
  readonly launch: (request: AgentRequest) => Launch | Failure
  readonly decoder: (request: AgentRequest) => Decoder
  readonly probe?: ((prober: Prober) => Effect.Effect<Probe>) | undefined
  readonly client?: ClientConfig | undefined
}

/** What a choice comes to: once, or for as long as the session lasts. */
export const ChoiceKind = Schema.Literals(["allow", "allow_always", "deny", "deny_always"])
export type ChoiceKind = typeof ChoiceKind.Type

export const Choice = Schema.Struct({
  id: Schema.String,
  /** In the agent's words. */
  name: Schema.String,
  kind: ChoiceKind,
})
export type Choice = typeof Choice.Type

/** What an agent wants to do and may not do by itself. Nothing of what is allowed with it may be left out. */
export const PermissionQuestion = Schema.Struct({
  /** The agent's name for the tool, or what kind it is: `execute`, `edit`, … */
  tool: Schema.String,
  /** One line. */
  text: Schema.String,
  command: Schema.optionalKey(Schema.String),
  /** Absolute. */
  paths: Schema.optionalKey(Schema.Array(Schema.String)),
  /** What is taken out and put in, line by line. */
  diff: Schema.optionalKey(Schema.String),
  choices: Schema.Array(Choice),
})
export type PermissionQuestion = typeof PermissionQuestion.Type

export interface Reply {
  /** One of the question's choices; nothing where none of them denies and it is denied. */
  readonly choice: Choice | undefined
  /** Why, in one sentence. */
  readonly because: string
}

/** What the hub does for a running stream agent. */
export interface AgentHost {
  /**
   * The run waits until somebody answers; the time does not count for the step's limits. Denied, with the reason, when nobody
   * does within `expires`: 30 minutes unless told.
   */
  readonly ask: (
    question: PermissionQuestion,
    options?: { readonly expires?: Duration.Input | undefined },
  ) => Effect.Effect<Reply>
}

/**
 * An agent that is spoken with while it works, or is no local program. Its events end with exactly one `Answer`. It ends with
 * the hub and cannot be adopted by the next one: that resumes it once in its session, where `supports.resume` says it can.
 */
export interface StreamAgent {
  readonly kind: "stream"
  readonly id: string
  readonly summary: string
  /** What `run` starts, when it is a local program: a name on PATH or an absolute path. */
  readonly program?: string | undefined
  readonly supports: Supports
  readonly run: (
    request: AgentRequest,
    host: AgentHost,
  ) => Stream.Stream<AgentEvent | { readonly answer: Answer }, Failure>
  readonly probe?: ((prober: Prober) => Effect.Effect<Probe>) | undefined
}

export type Agent = ProgramAgent | StreamAgent

export const program = (agent: Omit<ProgramAgent, "kind">): ProgramAgent => ({ kind: "program", ...agent })
export const stream = (agent: Omit<StreamAgent, "kind">): StreamAgent => ({ kind: "stream", ...agent })

export const message = (text: string): AgentEvent => ({ type: "agent_message", data: { text } })
export const session = (session_id: string): AgentEvent => ({ type: "session_started", data: { session_id } })
export const usage = (amounts: Readonly<Record<string, number>>): AgentEvent => ({
  type: "usage",
  data: amounts,
})
/** A line that is no event of the agent's stream: kept as text and counted. */
export const output = (text: string, stream: "stdout" | "stderr"): AgentEvent => ({
  type: "output",
  data: { text, stream },
})
/**
 * An early sign of failure. When no progress follows within the step's `patience`, or it names a wait longer than that,
 * the attempt is ended with this failure. Progress is any event but `signal`, `output` and `reasoning`.
 */
export const signal = (failure: Failure): AgentEvent => ({ type: "signal", data: { ...failure.facts } })

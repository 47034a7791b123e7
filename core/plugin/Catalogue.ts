/** Everything that is contributed right now, with the error border around each function. Filled by `host`, read by the rooms. */
import { Context, type Effect, Schema, type Scope, type Stream } from "effect"
import type { Exit } from "../services/Supervisor.ts"
import type {
  AgentEvent,
  AgentHost,
  AgentRequest,
  Answer,
  ClientConfig,
  Launch,
  Probe,
  Supports,
} from "./Agent.ts"
import type { ConditionContext, Verdict } from "./Condition.ts"
import type { Failure } from "./Failure.ts"
import type { Content } from "./Content.ts"
import type { Caller, CommandLine, DoorName, Long, OperationFailed, Scope as Right } from "./Operation.ts"
import type { Finding } from "./Plugin.ts"
import type { RunEvent } from "../services/Events.ts"
import type { Message } from "./Prompt.ts"
import type { Blob, Variables } from "./Resource.ts"
import type { Params } from "./Route.ts"
import type { Talk } from "./Talk.ts"
import type { StepContext, StepReference, StepTemplate } from "./Step.ts"

/** A decoder, wherever it lives: here, in a worker, or in another process. */
export interface DecoderHandle {
  readonly may_skip: boolean
  readonly feed: (
    lines: ReadonlyArray<string>,
    stream: "stdout" | "stderr",
  ) => Effect.Effect<ReadonlyArray<AgentEvent>, Failure>
  readonly end: (exit: Exit) => Effect.Effect<Answer, Failure>
}

interface Contributed {
  /** The instance in plugins.toml, or `core`. */
  readonly plugin: string
  readonly summary: string
}

export interface ProgramAgentHandle extends Contributed {
  readonly kind: "program"
  readonly id: string
  readonly program?: string | undefined
  readonly supports: Supports
  readonly launch: (request: AgentRequest) => Effect.Effect<Launch, Failure>
  readonly decoder: (request: AgentRequest) => Effect.Effect<DecoderHandle, Failure, Scope.Scope>
  readonly probe: Effect.Effect<Probe> | undefined
  readonly client: ClientConfig | undefined
}

export interface StreamAgentHandle extends Contributed {
  readonly kind: "stream"
  readonly id: string
  readonly program?: string | undefined
  readonly supports: Supports
  readonly run: (
    request: AgentRequest,
    host: AgentHost,
  ) => Stream.Stream<AgentEvent | { readonly answer: Answer }, Failure>
  readonly probe: Effect.Effect<Probe> | undefined
}

export type AgentHandle = ProgramAgentHandle | StreamAgentHandle

export interface StepHandle extends Contributed {
  readonly type: string
  /** Decodes the keys of this kind. From a worker or a process: built from the JSON Schema it sent. */
  readonly config: Schema.Codec<unknown, unknown>
  readonly steps: (config: unknown) => ReadonlyArray<StepReference>
  readonly templates: (config: unknown) => ReadonlyArray<StepTemplate>
  readonly run: (
    config: unknown,
    context: StepContext,
  ) => Effect.Effect<{ readonly text: string; readonly data?: unknown }, Failure>
}

export interface ConditionHandle extends Contributed {
  readonly id: string
  readonly config: Schema.Codec<unknown, unknown>
  readonly holds: (config: unknown, context: ConditionContext) => Effect.Effect<Verdict, Failure>
}

export interface OperationHandle extends Contributed {
  readonly name: string
  readonly title: string | undefined
  readonly input: Schema.Codec<unknown, unknown>
  readonly output: Schema.Codec<unknown, unknown>
  readonly readonly: boolean
  readonly destructive: boolean
  readonly idempotent: boolean
  readonly scope: Right
  /** `undefined`: all. */
  readonly doors: ReadonlyArray<DoorName> | undefined
  readonly long: Long | undefined
  readonly input_schema: Readonly<Record<string, unknown>> | undefined
  readonly cli: CommandLine | undefined
  readonly print: ((output: unknown) => string) | undefined
  readonly content: ((output: unknown) => ReadonlyArray<Content>) | undefined
  readonly run: (input: unknown, caller: Caller, talk: Talk) => Effect.Effect<unknown, OperationFailed>
}

export interface ResourceHandle extends Contributed {
  readonly uri: string
  readonly name: string
  readonly title: string | undefined
  readonly mime: string
  readonly read: (
    variables: Variables,
    caller: Caller,
    talk: Talk,
  ) => Effect.Effect<string | Blob, OperationFailed>
  readonly changes: ((variables: Variables) => Stream.Stream<unknown>) | undefined
  readonly complete: ((variable: string, typed: string) => Effect.Effect<ReadonlyArray<string>>) | undefined
}

export interface PromptHandle extends Contributed {
  readonly name: string
  readonly title: string | undefined
  readonly arguments: Schema.Codec<unknown, unknown>
  readonly render: (
    args: unknown,
    talk: Talk,
  ) => Effect.Effect<string | ReadonlyArray<Message>, OperationFailed>
  readonly complete:
    | ((
        argument: string,
        typed: string,
        others: Readonly<Record<string, string>>,
      ) => Effect.Effect<ReadonlyArray<string>>)
    | undefined
}

export interface RouteHandle extends Contributed {
  readonly method: string
  readonly path: string
  readonly handle: (request: Request, caller: Caller, params: Params) => Effect.Effect<Response>
}

export interface SinkHandle extends Contributed {
  readonly id: string
  readonly types: ReadonlyArray<string> | undefined
  readonly receive: (event: RunEvent) => Effect.Effect<void>
}

export interface DoctorHandle extends Contributed {
  readonly id: string
  readonly check: Effect.Effect<ReadonlyArray<Finding>>
}

/** Where in its life a plugin failed. */
export const PluginPhase = Schema.Literals([
  "resolve",
  "import",
  "config",
  "setup",
  "register",
  "migrate",
  "call",
  "late",
  "stop",
])
export type PluginPhase = typeof PluginPhase.Type

export class PluginFailed extends Schema.TaggedError<PluginFailed>()("PluginFailed", {
  plugin: Schema.String,
  phase: PluginPhase,
  /** What happened, with file, line and key where known. */
  detail: Schema.String,
}) {
  override get message() {
    return `plugin "${this.plugin}" failed in ${this.phase}: ${this.detail}`
  }
}

/** One instance of plugins.toml, as `hub plugins` shows it. */
export const PluginState = Schema.Struct({
  instance: Schema.String,
  /** The plugin's own id; absent while its file was never read. */
  id: Schema.optionalKey(Schema.String),
  use: Schema.String,
  isolation: Schema.Literals(["none", "worker", "process"]),
  startup: Schema.Literals(["required", "optional"]),
  state: Schema.Literals(["starting", "ready", "failed", "stopped"]),
  summary: Schema.optionalKey(Schema.String),
  failure: Schema.optionalKey(Schema.Struct({ phase: PluginPhase, detail: Schema.String })),
  /** Ids by kind: `{ agents: ["acme"], operations: ["acme_status"] }`. */
  contributes: Schema.Record(Schema.String, Schema.Array(Schema.String)),
  /** How often it was started. */
  starts: Schema.Int,
})
export type PluginState = typeof PluginState.Type

export interface Catalogue {
  /** Grows with each change. */
  readonly revision: number
  readonly agents: ReadonlyMap<string, AgentHandle>
  readonly steps: ReadonlyMap<string, StepHandle>
  readonly conditions: ReadonlyMap<string, ConditionHandle>
  readonly operations: ReadonlyMap<string, OperationHandle>
  readonly resources: ReadonlyArray<ResourceHandle>
  readonly prompts: ReadonlyArray<PromptHandle>
  readonly routes: ReadonlyArray<RouteHandle>
  readonly sinks: ReadonlyArray<SinkHandle>
  readonly doctor: ReadonlyArray<DoctorHandle>
  readonly plugins: ReadonlyArray<PluginState>
  /** Why the newest plugins.toml does not count, so that the plugins of the last good one run on. */
  readonly problem?: string | undefined
}

/** Plugins that have not said yet what they bring. */
export const startingOf = ({ plugins }: Catalogue): ReadonlyArray<PluginState> =>
  plugins.filter(({ state }) => state === "starting")

export class Registry extends Context.Service<
  Registry,
  {
    readonly current: Effect.Effect<Catalogue>
    /** The current catalogue, then each later one. */
    readonly changes: Stream.Stream<Catalogue>
  }
>()("hub/plugin/Registry") {}

export const empty: Catalogue = {
  revision: 0,
  agents: new Map(),
  steps: new Map(),
  conditions: new Map(),
  operations: new Map(),
  resources: [],
  prompts: [],
  routes: [],
  sinks: [],
  doctor: [],
  plugins: [],
}

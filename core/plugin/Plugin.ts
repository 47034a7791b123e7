/** A plugin: an id, a config schema, and a setup that returns contributions as data. */
import { type Effect, Schema, type Scope, type Stream } from "effect"
import type { Events } from "../services/Events.ts"
import type { Http } from "../services/Http.ts"
import type { Processes } from "../services/Processes.ts"
import type { Runs } from "../services/Runs.ts"
import type { Secrets } from "../services/Secrets.ts"
import type { Storage } from "../services/Storage.ts"
import type { Workspace } from "../services/Workspace.ts"
import type { Agent } from "./Agent.ts"
import type { Condition } from "./Condition.ts"
import type { Operation } from "./Operation.ts"
import type { Prompt } from "./Prompt.ts"
import type { Resource } from "./Resource.ts"
import type { Route } from "./Route.ts"
import type { Sink } from "./Sink.ts"
import type { StepKind } from "./Step.ts"

/** Everything a plugin may ask for. Anything else does not compile. */
export type PluginServices = Processes | Storage | Events | Http | Secrets | Workspace | Runs

/** A numbered change of the plugin's own tables; runs once, in order. Table names start with the plugin's id, dashes as underscores. */
export interface Migration {
  /** `"0001-tables"` */
  readonly id: string
  readonly sql: string
}

/** One finding of `hub doctor`. */
export interface Finding {
  readonly level: "ok" | "warning" | "error"
  readonly text: string
  /** What to do next. */
  readonly advice?: string | undefined
}

export interface DoctorCheck {
  readonly id: string
  readonly summary: string
  readonly check: Effect.Effect<ReadonlyArray<Finding>, never, PluginServices>
}

export interface Contributions {
  readonly agents?: ReadonlyArray<Agent> | undefined
  readonly steps?: ReadonlyArray<StepKind> | undefined
  readonly conditions?: ReadonlyArray<Condition> | undefined
  readonly operations?: ReadonlyArray<Operation> | undefined
  readonly resources?: ReadonlyArray<Resource> | undefined
  readonly prompts?: ReadonlyArray<Prompt> | undefined
  readonly routes?: ReadonlyArray<Route> | undefined
  readonly sinks?: ReadonlyArray<Sink> | undefined
  readonly migrations?: ReadonlyArray<Migration> | undefined
  readonly doctor?: ReadonlyArray<DoctorCheck> | undefined
  /**
   * What is contributed instead from then on, all of it but the migrations, each time that it changes. Whatever is the same
   * object in both stays as it is. Not from a plugin in a worker or a process.
   */
  readonly changes?: Stream.Stream<Omit<Contributions, "changes">, never, PluginServices> | undefined
}

/** The instance being set up: one plugin may run twice, under two names in plugins.toml. */
export interface Self {
  /** The name in `[plugin.NAME]`. An agent plugin uses it as its agent's id, so that two accounts stand side by side. */
  readonly instance: string
}

export class SetupFailed extends Schema.TaggedError<SetupFailed>()("SetupFailed", {
  message: Schema.String,
}) {}

export interface Plugin<C extends Schema.Top = Schema.Top> {
  /** kind-name: `agent-acme`. */
  readonly id: string
  readonly summary: string
  /** A struct whose fields are documented by `Field`. */
  readonly config: C
  /** Runs in the plugin's own scope, for 10 seconds at most. Whatever it acquires is released when the plugin is stopped. */
  readonly setup: (
    config: C["Type"],
    self: Self,
  ) => Effect.Effect<Contributions, unknown, PluginServices | Scope.Scope>
}

const brand = "hub/Plugin"

export const define = <C extends Schema.Top>(plugin: Plugin<C>): Plugin =>
  Object.freeze({ ...plugin, _tag: brand }) as never

/** Is this what `Plugin.define` returned? */
export const isPlugin = (value: unknown): value is Plugin =>
  typeof value === "object" && value !== null && (value as { _tag?: unknown })._tag === brand

/** The folder in which a hub keeps everything: HUB_HOME, `~/.hub` unless told. */
import { Context, type Effect, Schema } from "effect"

export const HomeReason = Schema.Literals([
  "relative",
  "not_a_folder",
  "unwritable",
  "readonly",
  "missing",
  "full",
  "foreign",
  "io",
])

export class HomeUnusable extends Schema.TaggedError<HomeUnusable>()("HomeUnusable", {
  path: Schema.String,
  reason: HomeReason,
  detail: Schema.String,
  /** What to do next, a full sentence. */
  advice: Schema.String,
}) {
  override get message() {
    return `${this.detail} (${JSON.stringify(this.path)}). ${this.advice}`
  }
}

/** Who works in a home, as written beside its lock. */
export const Holder = Schema.Struct({
  pid: Schema.Int,
  command: Schema.String,
  /** Milliseconds since the epoch. */
  since: Schema.Number,
  version: Schema.String,
})
export type Holder = typeof Holder.Type

/** Another hub works in this home. Without `holder` it has not yet, or no longer, said who it is. */
export class HomeHeld extends Schema.TaggedError<HomeHeld>()("HomeHeld", {
  path: Schema.String,
  holder: Schema.optionalKey(Holder),
}) {
  override get message() {
    const { holder, path } = this
    const who =
      holder === undefined ? "another hub" : `hub ${holder.version}, pid ${holder.pid} (${holder.command})`
    const since = holder === undefined ? "" : ` since ${new Date(holder.since).toISOString()}`
    return `${JSON.stringify(path)} is held by ${who}${since}. Stop it with \`hub stop\`, or give this hub a home of its own in HUB_HOME.`
  }
}

export class Home extends Context.Service<
  Home,
  {
    /** Absolute, as are all others. */
    readonly path: string
    readonly database: string
    readonly runs: string
    readonly logs: string
    readonly secrets: string
    readonly pipelines: string
    /** Code of outside plugins. */
    readonly plugins: string
    /** What plugins keep, a folder for each instance. */
    readonly data: string
    readonly backups: string
    /** Makes a folder of this home, mode 0700, if it is not there yet, and gives its path. */
    readonly folder: (path: string) => Effect.Effect<string, HomeUnusable>
  }
>()("hub/services/Home") {}

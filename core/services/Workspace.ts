/** Files of a working folder, for plugins that look at or write them. */
import { Context, type Effect, Schema } from "effect"

export class FileFailed extends Schema.TaggedError<FileFailed>()("FileFailed", {
  path: Schema.String,
  reason: Schema.Literals(["missing", "denied", "not_a_file", "too_large", "outside", "full", "io"]),
  detail: Schema.String,
}) {
  override get message() {
    return `${this.path}: ${this.detail}`
  }
}

export class Workspace extends Context.Service<
  Workspace,
  {
    /** Where this plugin may keep files of its own, mode 0700. */
    readonly data: Effect.Effect<string, FileFailed>
    /** UTF-8 text, at most `max_bytes` (2 MB unless told). */
    readonly read: (path: string, max_bytes?: number) => Effect.Effect<string, FileFailed>
    /** Atomic: a reader sees the old or the new text. Makes folders on the way. */
    readonly write: (path: string, text: string) => Effect.Effect<void, FileFailed>
    readonly exists: (path: string) => Effect.Effect<boolean>
    readonly remove: (path: string) => Effect.Effect<void, FileFailed>
    /** Paths below `folder` that fit the glob, in order, at most 10,000. `.git` and `node_modules` are passed over. */
    readonly glob: (folder: string, pattern: string) => Effect.Effect<ReadonlyArray<string>, FileFailed>
  }
>()("hub/services/Workspace") {}

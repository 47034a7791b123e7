/** The files core itself reads and writes: settings, pipelines, prompts, answers. */
import { Context, type Effect, type Option, type Stream } from "effect"
import type { FolderUnusable } from "./Processes.ts"
import type { FileFailed } from "./Workspace.ts"

/** A text as it was read, with a stamp that changes whenever the file does. */
export interface Text {
  readonly text: string
  readonly stamp: string
}

export class Files extends Context.Service<
  Files,
  {
    /** UTF-8, at most `max_bytes` (2 MB unless told). */
    readonly read: (path: string, max_bytes?: number) => Effect.Effect<Text, FileFailed>
    /** The stamp alone, without reading. `none`: no such file. */
    readonly stamp: (path: string) => Effect.Effect<Option.Option<string>, FileFailed>
    /** Bytes of a file; 0 when it is missing. */
    readonly size: (path: string) => Effect.Effect<number, FileFailed>
    /** Atomic, mode 0600; folders on the way 0700. */
    readonly write: (path: string, text: string) => Effect.Effect<void, FileFailed>
    /** Names in a folder, sorted; none when it is missing. */
    readonly list: (folder: string) => Effect.Effect<ReadonlyArray<string>, FileFailed>
    /** The real, absolute path of a folder that can be entered and read. `~/` stands for the user's home. */
    readonly folder: (path: string) => Effect.Effect<string, FolderUnusable>
    readonly remove: (path: string) => Effect.Effect<void, FileFailed>
    /** Mode 0700; there already is as good as made. */
    readonly makeFolder: (path: string) => Effect.Effect<void, FileFailed>
    /** With all that is in it; links are not followed. */
    readonly removeFolder: (path: string) => Effect.Effect<void, FileFailed>
    /**
     * An element once it watches, and one each time something in the folder may have changed; several at once are one.
     *
     * Ends when the folder is not there any more, or cannot be watched.
     */
    readonly changes: (folder: string) => Stream.Stream<void>
  }
>()("hub/services/Files") {}

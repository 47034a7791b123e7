/** Short programs, run to their end: probes, git, a formatter. Agents are started by the `Supervisor` instead. */
import { Context, type Duration, type Effect, Schema } from "effect"

/** What a program reads on stdin. Left out: nothing, stdin is closed. */
export type Stdin = { readonly text: string } | { readonly file: string }

export interface Command {
  /** Looked up on PATH unless it holds a slash. Never through a shell. */
  readonly program: string
  readonly args: ReadonlyArray<string>
  /** Absolute folder. */
  readonly cwd: string
  /** Added to the hub's environment less its own secrets, `BUN_OPTIONS` and `BUN_BE_BUN`. An `undefined` value removes a name. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  readonly stdin?: Stdin | undefined
}

export interface Finished {
  /** `null` when a signal ended it. */
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  /** Output went over `max_bytes`; the newest part is kept. */
  readonly truncated: boolean
  readonly duration_ms: number
}

export class ProgramMissing extends Schema.TaggedError<ProgramMissing>()("ProgramMissing", {
  program: Schema.String,
  detail: Schema.String,
}) {
  override get message() {
    return `cannot start "${this.program}": ${this.detail}`
  }
}

export class FolderUnusable extends Schema.TaggedError<FolderUnusable>()("FolderUnusable", {
  path: Schema.String,
  detail: Schema.String,
}) {
  override get message() {
    const path = this.path.length > 500 ? `${this.path.slice(0, 500)}…` : this.path
    return `cannot work in ${JSON.stringify(path)}: ${this.detail}`
  }
}

export class ProgramTimedOut extends Schema.TaggedError<ProgramTimedOut>()("ProgramTimedOut", {
  program: Schema.String,
  after_ms: Schema.Number,
}) {
  override get message() {
    return `"${this.program}" did not end within ${this.after_ms} ms`
  }
}

export type ProcessError = ProgramMissing | FolderUnusable | ProgramTimedOut

export class Processes extends Context.Service<
  Processes,
  {
    /**
     * Runs the program to its end and gives what it wrote. Its whole process group is ended on time-out and interruption.
     * Keeps the last `max_bytes` (1 MB unless told) of each stream. Time-out: 30 seconds unless told.
     */
    readonly run: (
      command: Command,
      limits?: { readonly timeout?: Duration.Input | undefined; readonly max_bytes?: number | undefined },
    ) => Effect.Effect<Finished, ProcessError>
    /** Where the program stands on PATH, without starting it. */
    readonly which: (program: string) => Effect.Effect<string, ProgramMissing>
  }
>()("hub/services/Processes") {}

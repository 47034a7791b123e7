/**
 * Programs that live no longer than who started them: short ones run to their end, such as probes, git, a formatter, and ones that are
 * spoken with. An agent that is only listened to is started by the `Supervisor` instead, and outlives the hub.
 */
import { Context, type Duration, Effect, Schema, type Scope, type Stream } from "effect"

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

/** A program that is spoken with, line by line. */
export interface Conversation {
  /**
   * What it writes on stdout, for one reader. A line above 16 MB is cut. Ends when the program does. Read this and `errors`, or it
   * stands still once the pipe is full.
   */
  readonly lines: Stream.Stream<string>
  /** The same for stderr. */
  readonly errors: Stream.Stream<string>
  /** Returns once the line is handed over. Does nothing when the program reads no more. */
  readonly write: (line: string) => Effect.Effect<void>
  readonly exit: Effect.Effect<Pick<Finished, "code" | "signal">>
}

/** The attempt that a program works for. Whatever is left of it is found by that. */
export interface Marks {
  readonly run_id: string
  /** Folder of the attempt. */
  readonly dir: string
}

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
    /** Starts the program. When the scope closes its whole process group is asked to end, and two seconds later made to. */
    readonly open: (
      command: Omit<Command, "stdin">,
      marks?: Marks,
    ) => Effect.Effect<Conversation, ProgramMissing | FolderUnusable, Scope.Scope>
    /** Where the program stands on PATH, without starting it. */
    readonly which: (program: string) => Effect.Effect<string, ProgramMissing>
  }
>()("hub/services/Processes") {}

/** Why the program cannot be started now; `undefined` when it can. */
export const missing = (
  processes: Processes["Service"],
  program: string,
): Effect.Effect<string | undefined> =>
  Effect.match(processes.which(program), {
    onFailure: ({ message }) => message,
    onSuccess: () => undefined,
  })

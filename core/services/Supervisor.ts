/** Programs that outlive the hub: started under their own session, spooled to files, adopted after a restart. */
import { Context, type Duration, type Effect, type Option, Schema, type Stream } from "effect"
import type { Command, FolderUnusable, ProgramMissing } from "./Processes.ts"

export interface Spec extends Command {
  readonly run_id: string
  /** Spool folder of this start, below `$HUB_HOME/runs`. The folder is the identity: it is started once, ever. */
  readonly dir: string
  /** Kept by the wrapper itself, so that it holds while no hub lives. */
  readonly time_limit: Duration.Duration
  /** Between TERM and KILL. */
  readonly grace: Duration.Duration
}

/** A line without its end (`\n`, `\r\n` or `\r`). Bytes that are no UTF-8 read as U+FFFD; the spool keeps them as they were. */
export interface Line {
  readonly text: string
  /** The line was longer than the limit: `text` is its beginning. */
  readonly cut: boolean
}

/** A piece of output in the order it was written within its stream. */
export interface Output {
  readonly stream: "stdout" | "stderr"
  readonly lines: ReadonlyArray<Line>
  /** Bytes of this stream read so far, this piece included. */
  readonly offset: number
  /** Bytes passed over right before this piece, because the reader allowed it and the program wrote faster than is read. */
  readonly skipped: number
}

export interface Exit {
  /** 128 + n after signal n, as the shell says it; `null` when the process was lost. */
  readonly code: number | null
  /** `SIGTERM`, … when a signal ended it. */
  readonly signal: string | null
  /** The wrapper's time limit ended it. */
  readonly timed_out: boolean
  /** Neither an exit record nor a live process was found: the machine went down, or someone killed the wrapper. */
  readonly lost: boolean
  /** The disk had no room for the exit record: output may be missing as well. */
  readonly disk_full?: boolean
  /** Milliseconds since the epoch. */
  readonly ended_at: number
}

export interface FollowOptions {
  /** Longest line given whole, in bytes. 16 MB unless told. */
  readonly max_line_bytes?: number | undefined
  /** May pass over output in the middle when more than 8 MB are waiting. For readers that want the tail. */
  readonly may_skip?: boolean | undefined
}

export interface Supervised {
  readonly pid: number
  /** Milliseconds since the epoch. */
  readonly started_at: number
  /** Found running or ended, not started by this call. */
  readonly adopted: boolean
  /** All output from the first byte; ends when the process has ended and everything is read. File-system events, no polling. */
  readonly follow: (options?: FollowOptions) => Stream.Stream<Output>
  /** When the process last wrote anything, in milliseconds since the epoch; its start if it never did. */
  readonly last_output_at: Effect.Effect<number>
  readonly exit: Effect.Effect<Exit>
  /** TERM to the group, KILL after the grace, then every process that carries `HUB_ATTEMPT` of this start. Idempotent; returns when none is left. */
  readonly end: Effect.Effect<void>
  /** Path and size of what was spooled. */
  readonly spool: (
    stream: "stdout" | "stderr",
  ) => Effect.Effect<{ readonly path: string; readonly bytes: number }>
  /** The last `max_bytes` of a stream, decoded. */
  readonly tail: (stream: "stdout" | "stderr", max_bytes: number) => Effect.Effect<string>
}

export class SpoolFailed extends Schema.TaggedError<SpoolFailed>()("SpoolFailed", {
  dir: Schema.String,
  detail: Schema.String,
}) {
  override get message() {
    return `cannot spool to ${this.dir}: ${this.detail}`
  }
}

export type StartError = ProgramMissing | FolderUnusable | SpoolFailed

export class Supervisor extends Context.Service<
  Supervisor,
  {
    /** Starts the program; when its folder shows that it was started before, adopts that start instead. Never a second start. */
    readonly start: (spec: Spec) => Effect.Effect<Supervised, StartError>
    /** What a spool folder tells: nothing (never started), or the start, running or ended. */
    readonly find: (dir: string) => Effect.Effect<Option.Option<Supervised>>
    /** Ends every process that carries `HUB_RUN=<run_id>`, `setsid` escapees included. Gives how many there were. */
    readonly sweep: (run_id: string) => Effect.Effect<number>
    /** The same for one attempt: those that carry `HUB_ATTEMPT=<dir>`. */
    readonly sweepAttempt: (dir: string) => Effect.Effect<number>
  }
>()("hub/services/Supervisor") {}

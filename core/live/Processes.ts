/** Programs that the hub itself reads to their end, by Bun's own spawn, each in a group of its own. */
import { Duration, Effect, Layer } from "effect"
import {
  type Command,
  type Finished,
  Processes,
  ProgramMissing,
  ProgramTimedOut,
} from "../services/Processes.ts"
import * as Conversation from "./Conversation.ts"
import * as Output from "./Output.ts"
import * as Prepared from "./supervisor/Command.ts"
import { send } from "./supervisor/Proc.ts"

const default_timeout = Duration.seconds(30)
const default_max_bytes = 1024 * 1024

const run = Effect.fn("Processes.run")(function* (
  command: Command,
  limits: Parameters<Processes["Service"]["run"]>[1] = {},
) {
  const env = Prepared.environment(command.env)
  const argv = yield* Prepared.prepare(command, env)
  const timeout = Duration.fromInputUnsafe(limits.timeout ?? default_timeout)
  const finished = Effect.acquireUseRelease(
    spawn(command, argv, env, limits.max_bytes ?? default_max_bytes),
    collect,
    (running) => Effect.promise(() => close(running)),
  )
  const after_ms = Duration.toMillis(timeout)
  return yield* Effect.timeoutOrElse(finished, {
    duration: timeout,
    orElse: () => Effect.fail(new ProgramTimedOut({ program: command.program, after_ms })),
  })
})

export const layer: Layer.Layer<Processes> = Layer.succeed(Processes, {
  run,
  open: Conversation.open,
  which: (program) => Prepared.find(program, process.env["PATH"], "/"),
})

interface Running {
  readonly child: Bun.Subprocess
  readonly stdout: Tail
  readonly stderr: Tail
}

const spawn = (command: Command, argv: Array<string>, env: Prepared.Environment, max_bytes: number) =>
  Effect.try({
    try: (): Running => {
      const child = Bun.spawn(argv, {
        cwd: command.cwd,
        env,
        detached: true,
        stdin: stdin(command),
        stdout: "pipe",
        stderr: "pipe",
      })
      return {
        child,
        stdout: tail(child, child.stdout, max_bytes),
        stderr: tail(child, child.stderr, max_bytes),
      }
    },
    catch: (cause) => new ProgramMissing({ program: command.program, detail: Prepared.sentence(cause) }),
  })

const stdin = ({ stdin }: Command) =>
  stdin === undefined ? "ignore" : "text" in stdin ? new Blob([stdin.text]) : Bun.file(stdin.file)

const collect = ({ child, stdout, stderr }: Running): Effect.Effect<Finished> =>
  Effect.promise(async () => {
    const began = performance.now()
    await child.exited
    const duration_ms = performance.now() - began
    await Promise.all([stdout.read, stderr.read])
    return {
      code: child.signalCode === null ? child.exitCode : null,
      signal: child.signalCode as string | null,
      stdout: stdout.text(),
      stderr: stderr.text(),
      truncated: stdout.truncated() || stderr.truncated(),
      duration_ms,
    }
  })

/** Whoever is left of the group is ended, and the pipes are let go even when someone outside it holds them open. */
const close = async ({ child, stdout, stderr }: Running): Promise<void> => {
  send(-child.pid, "SIGKILL")
  await child.exited
  await Promise.all([stdout.stop(), stderr.stop()])
}

type Tail = ReturnType<typeof tail>

/** Reads on to the end and keeps the last `max_bytes`. */
const tail = (child: Bun.Subprocess, stream: ReadableStream<Uint8Array>, max_bytes: number) => {
  const output = Output.of(child, stream)
  const pieces: Array<Uint8Array> = []
  let held = 0
  let truncated = false
  const keep = (piece: Uint8Array) => {
    pieces.push(piece)
    held += piece.length
    while (pieces.length > 1 && held - pieces[0]!.length >= max_bytes) {
      held -= pieces.shift()!.length
      truncated = true
    }
  }
  const pump = async () => {
    for (let piece = await output.next(); piece !== undefined; piece = await output.next()) keep(piece)
  }
  return {
    read: pump(),
    stop: output.stop,
    text: () =>
      Buffer.concat(pieces)
        .subarray(Math.max(0, held - max_bytes))
        .toString("utf8"),
    truncated: () => truncated || held > max_bytes,
  }
}

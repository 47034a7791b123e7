/** A program that is spoken with: lines in, lines out, in a group of its own that ends with its scope. */
import { Cause, Effect, Stream } from "effect"
import { type Command, type Conversation, type Marks, ProgramMissing } from "../services/Processes.ts"
import * as Output from "./Output.ts"
import * as Prepared from "./supervisor/Command.ts"
import { killMarked } from "./supervisor/End.ts"
import * as Lines from "./supervisor/Lines.ts"
import { send } from "./supervisor/Proc.ts"

type Child = Bun.Subprocess<"pipe", "pipe", "pipe">

const longest_line = 16 * 1024 * 1024
/** Between TERM and KILL. */
const grace_ms = 2_000

export const open = Effect.fn("Processes.open")(function* (command: Omit<Command, "stdin">, marks?: Marks) {
  const marked = marks === undefined ? {} : { HUB_RUN: marks.run_id, HUB_ATTEMPT: marks.dir }
  const env = { ...Prepared.environment(command.env), ...marked }
  const argv = yield* Prepared.prepare(command, env)
  const child = yield* Effect.acquireRelease(spawn(command, argv, env), (child) => close(child, marks))
  return {
    lines: linesOf(child, child.stdout),
    errors: linesOf(child, child.stderr),
    write: (line) => Effect.promise(() => write(child, line)),
    exit: Effect.promise(() => exitOf(child)),
  } satisfies Conversation
})

const spawn = (command: Omit<Command, "stdin">, argv: Array<string>, env: Prepared.Environment) =>
  Effect.try({
    try: (): Child =>
      Bun.spawn(argv, {
        cwd: command.cwd,
        env,
        detached: true,
        stdin: "pipe",
        stdout: "pipe",
        stderr: "pipe",
      }),
    catch: (cause) => new ProgramMissing({ program: command.program, detail: Prepared.sentence(cause) }),
  })

const linesOf = (child: Child, stream: ReadableStream<Uint8Array>): Stream.Stream<string> =>
  Stream.suspend(() => {
    const cutter = Lines.make(longest_line)
    return piecesOf(child, stream).pipe(
      Stream.map((bytes) => cutter.feed(bytes)),
      Stream.concat(Stream.sync(() => cutter.rest())),
      Stream.flatMap((lines) => Stream.fromIterable(lines)),
      Stream.map(({ text }) => text),
    )
  })

const piecesOf = (child: Child, stream: ReadableStream<Uint8Array>): Stream.Stream<Uint8Array> =>
  Stream.scoped(
    Stream.fromPull(
      Effect.map(
        Effect.acquireRelease(
          Effect.sync(() => Output.of(child, stream)),
          ({ stop }) => Effect.promise(stop),
        ),
        ({ next }) =>
          Effect.flatMap(Effect.promise(next), (piece) =>
            piece === undefined ? Cause.done() : Effect.succeed([piece] as const),
          ),
      ),
    ),
  )

const write = async ({ stdin }: Child, line: string): Promise<void> => {
  try {
    stdin.write(`${line}\n`)
    await stdin.flush()
  } catch {
    // It has ended, or closed its stdin.
  }
}

const exitOf = async (child: Child) => {
  await child.exited
  return {
    code: child.signalCode === null ? child.exitCode : null,
    signal: child.signalCode as string | null,
  }
}

const close = (child: Child, marks: Marks | undefined): Effect.Effect<void> =>
  Effect.promise(async () => {
    send(-child.pid, "SIGTERM")
    // Until it is killed: what it left in its group may have to be, when it has gone by itself.
    await Promise.race([child.exited, Bun.sleep(grace_ms)])
    send(-child.pid, "SIGKILL")
    await child.exited
    try {
      await child.stdin.end()
    } catch {
      // Nobody is there to read it.
    }
  }).pipe(
    Effect.andThen(marks === undefined ? Effect.void : Effect.asVoid(killMarked("HUB_ATTEMPT", marks.dir))),
  )

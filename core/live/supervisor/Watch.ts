/** Wakes whoever waits for something to happen in a spool folder, and when the process behind it is gone. */
import * as fs from "node:fs"
import { Effect, Queue } from "effect"
import * as Proc from "./Proc.ts"
import type { Claim } from "./Spool.ts"

/** A start as it stands in its folder. */
export interface Begun {
  readonly dir: string
  /** `null`: the wrapper died before it had written itself down. */
  readonly claim: Claim | null
  /** The wrapper, when it is this hub's own child. */
  readonly child?: { readonly exited: Promise<unknown> } | undefined
}

export interface Watch {
  /** Returns once something may have happened since the last time. */
  readonly changed: Effect.Effect<void>
  /** The wrapper is gone: whatever it had to say is in the folder. */
  readonly gone: () => boolean
}

/** Watches from here on: what the caller reads afterwards is either there or will wake it. */
export const make = Effect.fnUntraced(function* (begun: Begun) {
  const bell = yield* folder(begun.dir)
  let gone = false
  yield* Effect.forkScoped(
    Effect.andThen(
      departure(begun),
      Effect.sync(() => {
        gone = true
        bell.ring()
      }),
    ),
  )
  return { changed: bell.wait, gone: () => gone } satisfies Watch
})

/** Rings for every change in the folder. */
export const folder = Effect.fnUntraced(function* (dir: string) {
  const queue = yield* Queue.sliding<void>(1)
  const ring = () => void Queue.offerUnsafe(queue, undefined)
  yield* Effect.acquireRelease(
    Effect.sync(() => subscribe(dir, ring)),
    (close) => Effect.sync(close),
  )
  return { ring, wait: Queue.take(queue) }
})

/** Where the system has no watches left, looking twice a second is slower but keeps the promise. */
const degraded_ms = 500

/** Bun 1.4 tells of no change to a file that comes within two milliseconds of the one it told last: a little later it is rung once more. */
export const echoing = (ring: () => void): { readonly ring: () => void; readonly stop: () => void } => {
  let echo: Timer | undefined
  return {
    ring: () => {
      ring()
      clearTimeout(echo)
      echo = setTimeout(ring, echo_ms)
    },
    stop: () => clearTimeout(echo),
  }
}

const echo_ms = 5

const subscribe = (dir: string, ring: () => void): (() => void) => {
  try {
    const told = echoing(ring)
    const watcher = fs.watch(dir, { persistent: false }, told.ring)
    watcher.on("error", ring)
    return () => {
      watcher.close()
      told.stop()
    }
  } catch {
    const timer = setInterval(ring, degraded_ms)
    timer.unref()
    return () => clearInterval(timer)
  }
}

/** Returns when the wrapper is gone, however it went. */
export const departure = ({ child, claim, dir }: Begun): Effect.Effect<void> =>
  child === undefined ? adopted(dir, claim) : Effect.promise(() => child.exited)

/**
 * The wrapper holds the pipe open as long as it lives, so the pipe's end is its end: no looking around.
 * Without the pipe (a folder that was copied, or tidied by hand) only looking is left.
 */
const adopted = Effect.fnUntraced(function* (dir: string, claim: Claim | null) {
  const fd = open(`${dir}/alive`)
  if (fd === undefined) {
    if (claim === null) return
    while (Proc.alive(claim)) yield* Effect.sleep(degraded_ms)
    return
  }
  yield* Effect.callback<void>((resume) => {
    const reader = ended(fd) ? undefined : Bun.file(fd).stream().getReader()
    const done = () => resume(Effect.void)
    if (reader === undefined) done()
    else void drain(reader).then(done, done)
    return Effect.promise(async () => await reader?.cancel().catch(() => undefined))
  }).pipe(Effect.ensuring(Effect.sync(() => fs.closeSync(fd))))
  if (claim !== null) yield* dead(claim)
})

/** Who dies closes its files first: taken for alive in that moment, it would be ended once more, and its end be told as ours. */
const dead = Effect.fnUntraced(function* (claim: Claim) {
  for (let ms = 1; Proc.alive(claim) && ms <= longest_death_ms; ms *= 2) yield* Proc.pause(ms)
})

const longest_death_ms = 5_000

/** Bun keeps a copy of the descriptor until the stream is cancelled, at its end too. */
const drain = async (reader: {
  read: () => Promise<{ done: boolean }>
  cancel: () => Promise<void>
}): Promise<void> => {
  while (!(await reader.read()).done);
  await reader.cancel()
}

const open = (pipe: string): number | undefined => {
  try {
    return fs.openSync(pipe, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}

/** A pipe that nobody has had open since we opened it reports nothing to a waiting reader, so it is asked first. */
const ended = (fd: number): boolean => {
  try {
    return fs.readSync(fd, Buffer.alloc(1), 0, 1, null) === 0
  } catch {
    return false
  }
}

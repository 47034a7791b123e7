/** The output of an attempt as it grows, read no faster than it is taken. */
import * as fs from "node:fs"
import { Cause, Effect, Stream } from "effect"
import type { FollowOptions, Output } from "../../services/Supervisor.ts"
import * as Lines from "./Lines.ts"
import * as Spool from "./Spool.ts"
import * as Watch from "./Watch.ts"

const piece_bytes = 64 * 1024
const max_line_bytes = 16 * 1024 * 1024
const skip_above_bytes = 8 * 1024 * 1024
const skip_keeps_bytes = 1024 * 1024

export const follow = (begun: Watch.Begun, options: FollowOptions = {}): Stream.Stream<Output> =>
  Stream.scoped(Stream.fromPull(pull(begun, options)))

const pull = (begun: Watch.Begun, options: FollowOptions) => {
  const both = Effect.all([reader(begun.dir, "stdout", options), reader(begun.dir, "stderr", options)])
  return Effect.zipWith(Watch.make(begun), both, (watch, readers) => pieces(begun, watch, readers))
}

const pieces = (
  begun: Watch.Begun,
  watch: Effect.Success<ReturnType<typeof Watch.make>>,
  readers: ReadonlyArray<Effect.Success<ReturnType<typeof reader>>>,
) => {
  const buffer = Buffer.allocUnsafe(piece_bytes)
  let finished = false

  /** One piece of each stream. `undefined`: there was nothing to read. */
  const round = (): ReadonlyArray<Output> | undefined => {
    const read = readers.map((one) => one.read(buffer))
    return read.every((one) => one === undefined) ? undefined : read.filter((one) => one !== undefined)
  }

  return Effect.gen(function* () {
    while (!finished) {
      // Asked before the reading: what was written before the end is read after it is known.
      const ended = watch.gone() || Spool.exit(begun.dir) !== undefined
      const outputs = round()
      if (outputs !== undefined) {
        const [first, ...more] = outputs.filter(told)
        // A program that writes without end must not keep everyone else waiting.
        yield* Effect.yieldNow
        if (first !== undefined) return [first, ...more] as const
      } else if (ended) {
        finished = true
        const [first, ...more] = readers.map((one) => one.rest()).filter(told)
        if (first !== undefined) return [first, ...more] as const
      } else yield* watch.changed
    }
    return yield* Cause.done()
  })
}

const told = (output: Output): boolean => output.lines.length > 0 || output.skipped > 0

/** Reads one stream from its first byte. */
const reader = Effect.fnUntraced(function* (dir: string, stream: Output["stream"], options: FollowOptions) {
  const fd = yield* Effect.acquireRelease(
    Effect.sync(() => open(`${dir}/${Spool.nameOf(stream)}`)),
    (file) => Effect.sync(() => file !== undefined && fs.closeSync(file)),
  )
  const lines = Lines.make(options.max_line_bytes ?? max_line_bytes)
  let offset = 0
  let skipped = 0

  const skip = (file: number) => {
    const { size } = fs.fstatSync(file)
    if (size - offset <= skip_above_bytes) return
    skipped += size - skip_keeps_bytes - offset
    offset = size - skip_keeps_bytes
    lines.jump()
    // What was read since the last jump is rubbish by now: left to itself it adds tens of megabytes over a gigabyte.
    Bun.gc(true)
  }

  const output = (found: Output["lines"]): Output => {
    const passed = skipped
    skipped = 0
    return { stream, lines: found, offset, skipped: passed }
  }

  return {
    read: (buffer: Buffer): Output | undefined => {
      if (fd === undefined) return undefined
      if (options.may_skip === true) skip(fd)
      const length = fs.readSync(fd, buffer, 0, buffer.length, offset)
      if (length === 0) return undefined
      offset += length
      return output(lines.feed(buffer.subarray(0, length)))
    },
    rest: () => output(lines.rest()),
  }
})

/** A stream whose file someone removed has nothing to say. */
const open = (file: string): number | undefined => {
  try {
    return fs.openSync(file, "r")
  } catch {
    return undefined
  }
}

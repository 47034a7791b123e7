/** Whether anybody still reads what this process writes. */
import { fstatSync } from "node:fs"
import { Effect } from "effect"
import { load } from "../Libc.ts"

/** How often is looked: a system tells a writer only when it writes. */
const pause = "100 millis"

/** Returns once nobody can read it any more. Never does for a file and for a terminal, nor where the system cannot be asked. */
export const unread = (fd: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const isGone = isReadByOne(fd) ? yield* Effect.promise(() => load(poll)) : undefined
    if (isGone === undefined) return yield* Effect.never
    while (!isGone(fd)) yield* Effect.sleep(pause)
  })

const isReadByOne = (fd: number): boolean => {
  try {
    const stat = fstatSync(fd)
    return stat.isFIFO() || stat.isSocket()
  } catch {
    return false
  }
}

/** From `poll.h`: the same on Linux and on macOS. */
const POLLERR = 8
const POLLHUP = 16

const poll: Parameters<typeof load<(fd: number) => boolean>>[0] = ({ dlopen, ptr }, library) => {
  const { symbols } = dlopen(library, { poll: { args: ["ptr", "u64", "i32"], returns: "i32" } })
  // struct pollfd: the file, what is asked for (nothing: these two always come), what there is.
  const entry = new Int16Array(4)
  const file = new Int32Array(entry.buffer)
  return (fd) => {
    file[0] = fd
    return symbols.poll(ptr(entry), 1, 0) > 0 && (entry[3]! & (POLLERR | POLLHUP)) !== 0
  }
}

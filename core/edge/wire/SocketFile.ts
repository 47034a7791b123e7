/** The file of the hub's socket: who stands in its place, making it, and taking its name away. */
import { chmodSync, lstatSync, renameSync, unlinkSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect, Schema } from "effect"
import { load } from "../Libc.ts"
import { answers } from "./Link.ts"

/** Longest path of a socket on Linux; macOS has 104. */
const maxPath = 103

export class SocketTaken extends Schema.TaggedError<SocketTaken>()("SocketTaken", {
  path: Schema.String,
  message: Schema.String,
}) {}

export interface Opened<A> {
  readonly listener: Bun.UnixSocketListener<A>
  /** From now on nobody finds it any more. */
  readonly hide: () => void
}

/** A file that nobody answers on is taken over; one that somebody does is left alone. */
export const open = Effect.fn("SocketFile.open")(function* <A>(
  path: string,
  socket: Bun.SocketHandler<A>,
): Effect.fn.Return<Opened<A>, SocketTaken> {
  if (Buffer.byteLength(path) > maxPath)
    return yield* taken(path, `its path is longer than ${maxPath} letters; choose a shorter HUB_HOME`)
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found?.isSocket() === false) return yield* taken(path, "something that is no socket stands there")
  if (found !== undefined && (yield* Effect.promise(() => answers(path))))
    return yield* taken(path, "another hub answers on it")
  const opened = yield* Effect.try({
    try: () => make(path, socket),
    catch: (cause) => taken(path, String(cause)),
  })
  yield* Effect.promise(() => load(lengthen(Number(Reflect.get(opened.listener, "fd")))))
  return opened
})

/** As many as may be connected, twice over. The system allows 4096 at most, macOS fewer. */
const longestQueue = 4_096

/** Those who come in one instant wait to be let in. Bun lets 512 of them wait, and the system turns away all others. */
const lengthen =
  (fd: number): Parameters<typeof load<number>>[0] =>
  ({ dlopen }, library) =>
    dlopen(library, { listen: { args: ["i32", "i32"], returns: "i32" } }).symbols.listen(fd, longestQueue)

const taken = (path: string, why: string) =>
  new SocketTaken({ path, message: `The socket ${path} cannot be opened: ${why}.` })

// Under a name of its own first: nobody finds it before its mode is right. And Bun removes a listener's file by name when
// it stops: under the public name that would be the file of the next hub.
const make = <A>(path: string, socket: Bun.SocketHandler<A>): Opened<A> => {
  const own = join(dirname(path), `.${process.pid}`)
  const before = process.umask(0o177)
  try {
    remove(own)
    const listener = Bun.listen<A>({ unix: own, socket })
    chmodSync(own, 0o600)
    renameSync(own, path)
    const { ino } = lstatSync(path)
    return { listener, hide: () => removeOnly(path, ino) }
  } finally {
    process.umask(before)
  }
}

/** The next hub may have put its own in the place. */
const removeOnly = (path: string, inode: number): void => {
  if (lstatSync(path, { throwIfNoEntry: false })?.ino === inode) remove(path)
}

const remove = (path: string): void => {
  try {
    unlinkSync(path)
  } catch {
    // Gone already, as after a crash of the disk below it.
  }
}

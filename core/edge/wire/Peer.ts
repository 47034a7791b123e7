/** Which user is at the other end of a Unix socket. */
import type * as bunFfi from "bun:ffi"

export interface Peer {
  readonly uid: number
  readonly pid?: number
}

/** Undefined when the system does not say. */
export type PeerOf = (fd: number) => Peer | undefined

/** Undefined where it cannot be asked: no libc that is known here, or a Bun without FFI. */
export const load = async (): Promise<PeerOf | undefined> => {
  try {
    const ffi = await import("bun:ffi")
    return process.platform === "darwin" ? darwin(ffi) : process.platform === "linux" ? linux(ffi) : undefined
  } catch {
    return undefined
  }
}

type Ffi = typeof bunFfi

/** Of glibc, and of musl on the machines that Bun knows. */
const libraries = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"]

/** From the Linux headers `asm-generic/socket.h`, the same on x64 and arm64. */
const SOL_SOCKET = 1
const SO_PEERCRED = 17

const linux = ({ dlopen, ptr }: Ffi): PeerOf => {
  const getsockopt = { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" } as const
  const { symbols } = firstOf(libraries, (name) => dlopen(name, { getsockopt }))
  // struct ucred: pid, uid, gid.
  const [found, length] = [new Uint32Array(3), new Uint32Array(1)]
  return (fd) => {
    length[0] = found.byteLength
    const code = symbols.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ptr(found), ptr(length))
    return code === 0 ? { pid: found[0]!, uid: found[1]! } : undefined
  }
}

const darwin = ({ dlopen, ptr }: Ffi): PeerOf => {
  const getpeereid = { args: ["i32", "ptr", "ptr"], returns: "i32" } as const
  const { symbols } = dlopen("libSystem.B.dylib", { getpeereid })
  const [uid, gid] = [new Uint32Array(1), new Uint32Array(1)]
  return (fd) => (symbols.getpeereid(fd, ptr(uid), ptr(gid)) === 0 ? { uid: uid[0]! } : undefined)
}

const firstOf = <A>(names: ReadonlyArray<string>, open: (name: string) => A): A => {
  const [name, ...others] = names
  try {
    return open(name ?? "")
  } catch (cause) {
    if (others.length === 0) throw cause
    return firstOf(others, open)
  }
}

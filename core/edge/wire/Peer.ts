/** Which user is at the other end of a Unix socket. */
import { type Ffi, load as loadLibrary } from "../Libc.ts"

export interface Peer {
  readonly uid: number
  readonly pid?: number
}

/** Undefined when the system does not say. */
export type PeerOf = (fd: number) => Peer | undefined

/** Undefined where it cannot be asked. */
export const load = (): Promise<PeerOf | undefined> =>
  loadLibrary(process.platform === "darwin" ? darwin : linux)

/** From the Linux headers `asm-generic/socket.h`, the same on x64 and arm64. */
const SOL_SOCKET = 1
const SO_PEERCRED = 17

const linux = ({ dlopen, ptr }: Ffi, library: string): PeerOf => {
  const getsockopt = { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" } as const
  const { symbols } = dlopen(library, { getsockopt })
  // struct ucred: pid, uid, gid.
  const [found, length] = [new Uint32Array(3), new Uint32Array(1)]
  return (fd) => {
    length[0] = found.byteLength
    const code = symbols.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ptr(found), ptr(length))
    return code === 0 ? { pid: found[0]!, uid: found[1]! } : undefined
  }
}

const darwin = ({ dlopen, ptr }: Ffi, library: string): PeerOf => {
  const getpeereid = { args: ["i32", "ptr", "ptr"], returns: "i32" } as const
  const { symbols } = dlopen(library, { getpeereid })
  const [uid, gid] = [new Uint32Array(1), new Uint32Array(1)]
  return (fd) => (symbols.getpeereid(fd, ptr(uid), ptr(gid)) === 0 ? { uid: uid[0]! } : undefined)
}

/** Named pipes. Bun makes none, and a program that does costs a millisecond at each start. */
import { dlopen, FFIType } from "bun:ffi"

const libraries: Partial<Record<NodeJS.Platform, ReadonlyArray<string>>> = {
  linux: ["libc.so.6", "libc.so"],
  darwin: ["libSystem.B.dylib"],
}

const signature = { mkfifo: { args: [FFIType.cstring, FFIType.u32], returns: FFIType.i32 } } as const

const load = () => {
  for (const library of libraries[process.platform] ?? []) {
    try {
      return dlopen(library, signature).symbols.mkfifo
    } catch {
      // The next name; without any the wrapper makes its pipe itself.
    }
  }
  return undefined
}

/** `null`: looked for, and not there. */
let mkfifo: NonNullable<ReturnType<typeof load>> | null | undefined

/** Makes the pipe, mode 0600, where the system's library can be called; otherwise, or when it is there, does nothing. */
export const make = (path: string): void => {
  if (mkfifo === undefined) mkfifo = load() ?? null
  mkfifo?.(Buffer.from(`${path}\0`), 0o600)
}

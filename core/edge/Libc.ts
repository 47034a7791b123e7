/** Functions of the system's C library, for what Bun does not tell. */
import type * as bunFfi from "bun:ffi"

export type Ffi = typeof bunFfi

/** Of glibc, and of musl on the machines that Bun knows. */
const libraries: Partial<Record<NodeJS.Platform, ReadonlyArray<string>>> = {
  linux: ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"],
  darwin: ["libSystem.B.dylib"],
}

/** Undefined where it cannot be asked: no library that is known here, or a Bun without FFI. */
export const load = async <A>(use: (ffi: Ffi, library: string) => A): Promise<A | undefined> => {
  for (const library of libraries[process.platform] ?? []) {
    try {
      return use(await import("bun:ffi"), library)
    } catch {
      // The next name.
    }
  }
  return undefined
}

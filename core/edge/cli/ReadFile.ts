/** Files whose names a person typed. */
import { readFileSync, realpathSync, statSync } from "node:fs"
import { join, resolve, sep } from "node:path"
import { Effect } from "effect"
import * as RealPath from "../../host/RealPath.ts"
import { OperationFailed } from "../../plugin/Operation.ts"

/** No file that a person writes by hand is larger. */
const maxBytes = 5_000_000

/** A path, rather than the name of something? */
export const isPath = (text: string): boolean =>
  text.includes("/") || text.includes("\\") || text.endsWith(".toml")

/** `name` is relative to `cwd`. */
export const readText = (cwd: string, name: string): Effect.Effect<string, OperationFailed> =>
  Effect.try({
    try: () => read(resolve(cwd, name)),
    catch: (cause) => unreadable(JSON.stringify(name), cause),
  })

/** A file of this folder or below it, also after following links: for names that stand in somebody's file. */
export const readInside = (folder: string, name: string): Effect.Effect<string, OperationFailed> =>
  Effect.try({
    try: () => {
      const real = RealPath.of(join(folder, name))
      if (!real.startsWith(join(realpathSync(folder), sep))) throw new Error("it leads out of its folder")
      return read(real)
    },
    catch: (cause) => unreadable(JSON.stringify(name), cause),
  })

const read = (path: string): string => {
  const found = statSync(path)
  if (found.isDirectory()) throw new Error("it is a folder")
  if (!found.isFile()) throw new Error("it is no file")
  if (found.size > maxBytes) throw new Error(`it is larger than ${maxBytes / 1_000_000} MB`)
  return readFileSync(path, "utf8")
}

export const unreadable = (what: string, cause: unknown): OperationFailed =>
  new OperationFailed({
    code: "invalid",
    message: `${what} cannot be read: ${reason(cause)}.`,
  })

const reason = (cause: unknown): string => {
  const code = cause instanceof Error ? Reflect.get(cause, "code") : undefined
  if (code === "ENOENT") return "there is no such file"
  if (code === "EACCES") return "you may not read it"
  return cause instanceof Error ? cause.message : String(cause)
}

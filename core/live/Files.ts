/** Core's own files on the real file system. */
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Layer, Option } from "effect"
import { Files } from "../services/Files.ts"
import { FolderUnusable } from "../services/Processes.ts"
import { FileFailed } from "../services/Workspace.ts"
import * as Atomic from "./Atomic.ts"

const reasons: Readonly<Record<string, FileFailed["reason"]>> = {
  ENOENT: "missing",
  ENOTDIR: "missing",
  EACCES: "denied",
  EPERM: "denied",
  EISDIR: "not_a_file"
}

const failed = (file: string, cause: unknown): FileFailed => {
  if (cause instanceof FileFailed) return cause
  const code = (cause as NodeJS.ErrnoException).code ?? ""
  return new FileFailed({ path: file, reason: reasons[code] ?? "io", detail: (cause as Error).message })
}

const attempt = <A>(file: string, body: () => A) =>
  Effect.try({ try: body, catch: (cause) => failed(file, cause) })

const stampOf = (stat: fs.Stats): string => `${stat.ino}-${stat.size}-${stat.mtimeMs}-${stat.ctimeMs}`

const read = (file: string, max_bytes: number) => {
  const stat = fs.statSync(file)
  if (!stat.isFile()) throw new FileFailed({ path: file, reason: "not_a_file", detail: "is no regular file" })
  if (stat.size > max_bytes)
    throw new FileFailed({
      path: file,
      reason: "too_large",
      detail: `has ${stat.size} bytes, at most ${max_bytes} are read`
    })
  return { text: fs.readFileSync(file, "utf8"), stamp: stampOf(stat) }
}

const whyNot: Readonly<Record<string, string>> = {
  ENOENT: "there is no such folder",
  ENOTDIR: "it is a file, not a folder",
  EACCES: "permission denied",
  EPERM: "permission denied"
}

/** Throws what a person needs to know. */
const folder = (given: string): string => {
  const real = fs.realpathSync(given)
  if (!fs.statSync(real).isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" })
  fs.accessSync(real, fs.constants.R_OK | fs.constants.X_OK)
  return real
}

export const layer = Layer.succeed(Files, {
  read: (file, max_bytes = 2_000_000) => attempt(file, () => read(file, max_bytes)),

  stamp: (file) =>
    attempt(file, () => {
      const stat = fs.statSync(file, { throwIfNoEntry: false })
      return stat === undefined ? Option.none() : Option.some(stampOf(stat))
    }),

  write: (file, text) =>
    attempt(file, () => {
      fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
      Atomic.write(file, text, 0o600)
    }),

  list: (at) => attempt(at, () => (fs.existsSync(at) ? fs.readdirSync(at).sort() : [])),

  folder: (given) =>
    path.isAbsolute(given)
      ? Effect.try({
          try: () => folder(given),
          catch: (cause) => {
            const { code = "", message } = cause as NodeJS.ErrnoException
            return new FolderUnusable({ path: given, detail: whyNot[code] ?? message })
          }
        })
      : Effect.fail(new FolderUnusable({ path: given, detail: "a folder is named by its absolute path" })),

  remove: (file) => attempt(file, () => fs.rmSync(file, { force: true }))
})

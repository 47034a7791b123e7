/** Imports a plugin's code, again after a change, and says where it is broken. */
import { readFileSync } from "node:fs"
import { Effect } from "effect"
import { PluginFailed } from "../plugin/Catalogue.ts"
import { isPlugin, type Plugin } from "../plugin/Plugin.ts"
import * as HostModules from "./HostModules.ts"
import { filesOf, type Source } from "./Source.ts"

let revision = 0

/**
 * The plugin that the file exports by default. Each call evaluates the file anew, and with it the files that it imports
 * by a relative path; packages in its node_modules are evaluated once per process.
 */
export const load = (instance: string, source: Source): Effect.Effect<Plugin, PluginFailed> =>
  Effect.tryPromise({
    try: () => (source.kind === "builtin" ? source.load() : importFile(source.entry)),
    catch: (error) =>
      new PluginFailed({ plugin: instance, phase: "import", detail: explain(error, fileOf(source)) }),
  }).pipe(Effect.flatMap((module) => pluginOf(instance, module as object, fileOf(source))))

const fileOf = (source: Source): string => (source.kind === "builtin" ? "" : source.entry)

const importFile = async (entry: string): Promise<unknown> => {
  HostModules.register()
  forget(filesOf(entry))
  // Plain path, not a file URL: Bun ignores the query of a URL and would give the module of the first import.
  return import(`${entry}?v=${(revision += 1)}`)
}

// Bun keeps ES modules in require.cache too; what is deleted from it is read again by the next import. A file that
// failed to parse is kept without being listed, so that each is deleted by its name.
const forget = (files: ReadonlySet<string>) => {
  for (const file of files) delete require.cache[file]
}

const pluginOf = (instance: string, module: object, file: string) => {
  const value: unknown = (module as { default?: unknown }).default
  if (isPlugin(value)) return Effect.succeed(value)
  const detail = `${file}: has no \`export default Plugin.define({ … })\`; it exports ${Object.keys(module).join(", ") || "nothing"}`
  return Effect.fail(new PluginFailed({ plugin: instance, phase: "import", detail }))
}

/** What went wrong, with file, line, column and the line itself as far as Bun tells or the stack shows. */
export const explain = (error: unknown, file: string): string => {
  const inner = (error as { errors?: ReadonlyArray<unknown> })?.errors
  if (Array.isArray(inner) && inner.length > 0) return inner.map((one) => explain(one, file)).join("\n")
  const message = String((error as { message?: unknown })?.message ?? error).slice(0, MAX_MESSAGE)
  const position = (error as { position?: BuildPosition | null })?.position
  if (position?.file)
    return at(clean(position.file), position.line, position.column, message, position.lineText)
  const frame = frameIn(error, file)
  if (frame !== undefined)
    return at(frame.file, frame.line, frame.column, describe(error), lineOf(frame.file, frame.line))
  return file === "" ? describe(error) : `${file}: ${describe(error)}`
}

interface BuildPosition {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly lineText: string
}

const MAX_MESSAGE = 2000

const describe = (error: unknown): string => worded(error).slice(0, MAX_MESSAGE)

const worded = (error: unknown): string =>
  error instanceof Error
    ? `${error.name === "Error" ? "" : `${error.name}: `}${error.message}`
    : String((error as { message?: unknown })?.message ?? error)

const at = (file: string, line: number, column: number, message: string, text: string | undefined) =>
  `${file}:${line}:${column}  ${message}${text === undefined || text.trim() === "" ? "" : `\n  ${text.trim().slice(0, 200)}`}`

const clean = (file: string) => file.replace(/\?v=\d+$/, "")

const MAX_FRAMES = 8000

/** The stack without the message, which can be as long as an agent's output. */
export const framesOf = (error: unknown): string => {
  const stack = error instanceof Error ? (error.stack ?? "") : ""
  const from = stack.indexOf("\n    at ")
  return from < 0 ? "" : stack.slice(from, from + MAX_FRAMES)
}

const frameIn = (error: unknown, file: string) => {
  const folder = file.slice(0, file.lastIndexOf("/") + 1)
  const stack = framesOf(error)
  for (const [, where = "", line, column] of stack.matchAll(
    /\(?([^\s()][^()\n]*?)(?:\?v=\d+)?:(\d+):(\d+)\)?$/gm,
  )) {
    const found = where.replace(/^at (?:.* )?/, "")
    if (folder !== "" && found.startsWith(folder))
      return { file: found, line: Number(line), column: Number(column) }
  }
  return undefined
}

const lineOf = (file: string, line: number): string | undefined => {
  try {
    return readFileSync(file, "utf8").split("\n")[line - 1]
  } catch {
    return undefined
  }
}

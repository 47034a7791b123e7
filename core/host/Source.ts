/** Where a plugin's code stands: compiled in, a file, a folder, or a package. */
import { createHash } from "node:crypto"
import { existsSync, readFileSync, statSync } from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import { PluginFailed } from "../plugin/Catalogue.ts"
import type { Plugin } from "../plugin/Plugin.ts"
import { didYouMean } from "../toml/Toml.ts"
import { type Instance, placeOf } from "./PluginsToml.ts"
import * as RealPath from "./RealPath.ts"

/** The first-party plugins by id, each loaded when it is wanted. */
export type Builtin = Readonly<Record<string, () => Promise<{ readonly default: Plugin }>>>

export type Source =
  | { readonly kind: "builtin"; readonly load: () => Promise<{ readonly default: Plugin }> }
  | { readonly kind: "file"; readonly entry: string; readonly folder: string }

/** Finds the code that `use` means. A relative path counts from plugins.toml, a package from `$HUB_HOME/plugins`. */
export const find = (
  instance: Instance,
  builtin: Builtin,
  home: string,
): Effect.Effect<Source, PluginFailed> =>
  Effect.suspend(() => {
    const { use } = instance
    if (/^\.{0,2}\//.test(use) || path.isAbsolute(use))
      return fileAt(instance, path.resolve(instance.folder, use))
    const load = Object.hasOwn(builtin, use) ? builtin[use] : undefined
    if (load !== undefined) return Effect.succeed<Source>({ kind: "builtin", load })
    const folder = path.join(home, "plugins", "node_modules", use)
    if (/^(@[\w.-]+\/)?[\w.-]+$/.test(use) && !use.startsWith(".") && existsSync(folder))
      return fileAt(instance, folder)
    return unresolved(
      instance,
      `no built-in plugin ${JSON.stringify(use)}, and no package of that name in ${path.dirname(folder)}. ${didYouMean(use, Object.keys(builtin).sort())}`,
    )
  })

const unresolved = (instance: Instance, detail: string) =>
  Effect.fail(
    new PluginFailed({
      plugin: instance.name,
      phase: "resolve",
      detail: `${placeOf(instance, "use")}: ${detail}`,
    }),
  )

const fileAt = (instance: Instance, at: string): Effect.Effect<Source, PluginFailed> => {
  if (!existsSync(at)) return unresolved(instance, `there is no file or folder ${at}`)
  if (instance.command !== undefined) return Effect.succeed(fileSource(at, statSync(at).isDirectory()))
  const entry = statSync(at).isDirectory() ? entryOf(at) : at
  if (entry === undefined)
    return unresolved(instance, `the folder ${at} has no index.ts, index.js or package.json with "main"`)
  return Effect.succeed(fileSource(entry, false))
}

const fileSource = (at: string, isFolder: boolean): Source => {
  const entry = RealPath.of(at)
  return { kind: "file", entry, folder: isFolder ? entry : path.dirname(entry) }
}

/** The file that a plugin folder starts with. */
export const entryOf = (folder: string): string | undefined =>
  [mainOf(folder), "index.ts", "index.js", "index.mjs"]
    .filter((name) => name !== undefined)
    .map((name) => path.resolve(folder, name))
    .find((file) => existsSync(file))

const mainOf = (folder: string): string | undefined => {
  try {
    const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Record<
      string,
      unknown
    >
    const main = manifest["main"] ?? manifest["module"]
    return typeof main === "string" ? main : undefined
  } catch {
    return undefined
  }
}

const MAX_FILES = 1000

/** The entry and every file it imports by a relative path, directly or not. */
export const filesOf = (entry: string): ReadonlySet<string> => {
  const files = new Set<string>()
  const waiting = [entry]
  for (let file = waiting.pop(); file !== undefined && files.size < MAX_FILES; file = waiting.pop()) {
    if (files.has(file)) continue
    files.add(file)
    waiting.push(...importsOf(file))
  }
  return files
}

const loaders = {
  ".ts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
  ".mts": "ts",
  ".cts": "ts",
} as const

const importsOf = (file: string): ReadonlyArray<string> => {
  const loader = loaders[path.extname(file) as keyof typeof loaders]
  if (loader === undefined) return []
  try {
    return new Bun.Transpiler({ loader })
      .scanImports(readFileSync(file, "utf8"))
      .filter((found) => found.path.startsWith("."))
      .flatMap((found) => resolved(found.path, path.dirname(file)))
  } catch {
    return [] // does not parse: the import says why
  }
}

const resolved = (specifier: string, folder: string): ReadonlyArray<string> => {
  try {
    return [Bun.resolveSync(specifier, folder)]
  } catch {
    return []
  }
}

/** Changes when any of the plugin's files does. */
export const fingerprint = (source: Source): string => {
  if (source.kind === "builtin") return "builtin"
  const hash = createHash("sha256")
  const files =
    statSync(source.entry, { throwIfNoEntry: false })?.isDirectory() === true
      ? filesIn(source.entry)
      : [...filesOf(source.entry)]
  for (const file of files.sort()) hash.update(file).update("\0").update(contentOf(file)).update("\0")
  return hash.digest("hex")
}

const filesIn = (folder: string): Array<string> =>
  [...new Bun.Glob("*").scanSync({ cwd: folder, absolute: true })].slice(0, MAX_FILES)

const contentOf = (file: string): Uint8Array => {
  try {
    return readFileSync(file)
  } catch {
    return new Uint8Array()
  }
}

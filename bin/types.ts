/**
 * The type declarations that `hub plugin new` writes beside a plugin: `hub/plugin`, `hub/testing` and `effect`, as one
 * gzipped JSON object of path and text. Made by the build, compiled in.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"

const root = join(import.meta.dir, "..")
const effect = join(root, "node_modules/effect")

/** Not kept in git: 8 MB of other people's text, unpacked. */
export const archive = join(root, "core/host/generated/types.json.gz")

/** Writes the archive, unless it holds the same already. */
export const writeTypes = async (): Promise<void> => {
  const bytes = Bun.gzipSync(JSON.stringify(await declarations()), { level: 9 })
  if (existsSync(archive) && Buffer.compare(readFileSync(archive), bytes) === 0) return
  mkdirSync(dirname(archive), { recursive: true })
  writeFileSync(archive, bytes)
}

const declarations = async (): Promise<Record<string, string>> => {
  const ours = await emitted()
  const theirs = reachable(["index.d.ts", "testing/index.d.ts"])
  const all = { ...ours, ...theirs, "effect/LICENSE": readFileSync(join(effect, "LICENSE"), "utf8") }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** What tsc says of `core/plugin/api.ts` and `core/testing/api.ts`, less the rooms that a plugin does not see. */
const emitted = async (): Promise<Record<string, string>> => {
  const folder = mkdtempSync(join(root, "node_modules", ".types-"))
  try {
    const config = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        outDir: folder,
        rootDir: root,
        plugins: [],
      },
      include: [],
      files: [join(root, "core/plugin/api.ts"), join(root, "core/testing/api.ts")],
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    const tsc = Bun.spawn([process.execPath, "--bun", join(root, "node_modules/.bin/tsc"), "-p", folder], {
      cwd: root,
      stdout: "pipe",
    })
    const [said, code] = await Promise.all([tsc.stdout.text(), tsc.exited])
    if (code !== 0) throw new Error(`the declarations of the contract: tsc ended with ${code}\n${said}`)
    return Object.fromEntries(
      [...new Bun.Glob("core/{plugin,services,testing}/*.d.ts").scanSync(folder)].map((path) => [
        `hub/${relative("core", path)}`,
        readFileSync(join(folder, path), "utf8"),
      ]),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** These declarations of effect and all that they import. */
const reachable = (entries: ReadonlyArray<string>): Record<string, string> => {
  const found: Record<string, string> = {}
  const waiting = entries.map((entry) => join(effect, "dist", entry))
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const name = `effect/${relative(join(effect, "dist"), file)}`
    if (found[name] !== undefined || !existsSync(file)) continue
    const text = lean(readFileSync(file, "utf8"))
    found[name] = text
    for (const [, specifier = ""] of text.matchAll(/(?:from|import)\s*\(?"(\.[^"]+)"/g))
      waiting.push(join(dirname(file), specifier.replace(/\.(ts|js)$/, ".d.ts")))
  }
  return found
}

/** Of each comment its first sentence: what an editor shows first. */
const lean = (text: string): string =>
  text
    .replace(/\/\*\*([\s\S]*?)\*\//g, (_, body: string) => {
      const first = body.split("\n").map((line) => line.replace(/^\s*\*? ?/, "").trim())
      const from = first.findIndex((line) => line !== "")
      const until = first.findIndex((line, index) => index > from && line === "")
      const sentence = first.slice(Math.max(from, 0), until < 0 ? undefined : until).join(" ")
      return sentence === "" || sentence.startsWith("@") ? "" : `/** ${sentence.replaceAll("*/", "")} */`
    })
    .replace(/^\s*\n/gm, "")
    .replace(/^\/\/# sourceMappingURL.*$/gm, "")

if (import.meta.main) await writeTypes()

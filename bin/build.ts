/**
 * Compiles `hub`: for this machine to dist/hub, with `--target NAME` for one other, with `--all` for each target
 * with checksums.
 */
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rename, rm, utimes } from "node:fs/promises"
import { basename, join, relative } from "node:path"
import { parseArgs } from "node:util"
import manifest from "../package.json" with { type: "json" }
import { compiling } from "./compiling.ts"
import { bun, root } from "./bun.ts"
import { leaks } from "./seal.ts"
import { writeTypes } from "./types.ts"

const dist = join(root, "dist")

const targets = [
  "linux-x64",
  "linux-x64-baseline",
  "linux-x64-modern",
  "linux-arm64",
  "linux-x64-musl",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "windows-x64",
  "windows-arm64",
] as const
type Target = (typeof targets)[number]

/** The program, and the entry that its workers start with. */
const entrypoints = ["bin/hub.ts", "core/host/worker.ts"].map((path) => join(root, path)).filter(existsSync)

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { all: { type: "boolean" }, target: { type: "string" } } })
  const wanted =
    values.all === true ? targets : values.target === undefined ? [undefined] : [known(values.target)]
  await generate()
  await seal()
  const files: Array<string> = []
  for (const target of wanted) files.push(await compile(target))
  if (values.all === true) await writeSums(files)
}

const known = (name: string): Target => {
  const target = targets.find((one) => one === name)
  if (target === undefined) throw new Refused(`no target "${name}". Known: ${targets.join(", ")}`)
  return target
}

class Refused extends Error {}

/** Brings the generated files up to date, for some of them are compiled in. */
const generate = async (): Promise<void> => {
  await writeTypes()
  if (!existsSync(join(root, "bin/generate.ts"))) return
  const code = await bun("bin/generate.ts")
  if (code !== 0) throw new Refused(`bin/generate.ts ended with ${code}`)
}

const seal = async (): Promise<void> => {
  const found = await leaks(entrypoints, root)
  if (found.length === 0) return
  const lines = found.map(({ expression, module }) => `  ${module}: ${expression}`)
  throw new Refused(`the bundle would look these up in the folder it is started in:\n${lines.join("\n")}`)
}

/** Compiles into a folder of its own and moves the result, so that nobody ever starts half a program. */
const compile = async (target: Target | undefined): Promise<string> => {
  const start = performance.now()
  const began = new Date()
  const name = target === undefined ? "hub" : `hub-${target}`
  const file = (target ?? process.platform).startsWith("win") ? `${name}.exe` : name
  await mkdir(dist, { recursive: true })
  const folder = await mkdtemp(join(dist, ".build-"))
  try {
    await bundle(join(folder, file), target)
    // As old as what was read for it: what is changed meanwhile makes it out of date.
    await utimes(join(folder, file), began, began)
    // The maps are inside the program as well: the files beside it would only pile up, for their names change.
    for (const path of new Bun.Glob("*").scanSync(folder))
      if (!path.endsWith(".map")) await rename(join(folder, path), join(dist, path))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  say(join(dist, file), start)
  return join(dist, file)
}

const bundle = (outfile: string, target: Target | undefined): Promise<Bun.BuildOutput> =>
  Bun.build({
    ...compiling(outfile, target),
    entrypoints,
    root,
    define: { HUB_VERSION: JSON.stringify(manifest.version), HUB_COMMIT: JSON.stringify(commit()) },
  })

const commit = (): string => {
  const git = Bun.which("git")
  if (git === null) return "unknown"
  const answer = Bun.spawnSync([git, "rev-parse", "--short=12", "HEAD"], { cwd: root, stderr: "ignore" })
  return answer.success ? answer.stdout.toString().trim() : "unknown"
}

const writeSums = async (files: ReadonlyArray<string>): Promise<void> => {
  const sum = async (file: string) =>
    new Bun.CryptoHasher("sha256").update(await Bun.file(file).arrayBuffer()).digest("hex")
  const lines: Array<string> = []
  for (const file of files) lines.push(`${await sum(file)}  ${basename(file)}\n`)
  await Bun.write(join(dist, "SHA256SUMS"), lines.join(""))
}

const say = (file: string, start: number): void => {
  const megabytes = (Bun.file(file).size / 1e6).toFixed(1)
  console.error(
    `hub: built ${relative(root, file)}  ${megabytes} MB  ${((performance.now() - start) / 1000).toFixed(1)} s`,
  )
}

try {
  await main()
} catch (error) {
  console.error(error instanceof Refused ? `hub: ${error.message}` : error)
  process.exit(1)
}

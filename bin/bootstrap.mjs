/**
 * Runs one of the project's TypeScript programs under the pinned Bun: `node bin/bootstrap.mjs bin/test.ts [args]`.
 *
 * Needs Node 20 (or Bun) and nothing else, for it is what a fresh clone starts with: it finds or fetches Bun,
 * installs the dependencies when bun.lock asks for it, and ends as the program ends.
 */
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const cache = join(root, "node_modules", ".cache", "hub")
const windows = process.platform === "win32"
const link = join(cache, "bin", windows ? "bun.exe" : "bun")
const wanted = pinnedBun()
const [program, ...args] = process.argv.slice(2)

if (program === undefined || !existsSync(join(root, program))) {
  fail(
    `There is no program ${program ?? "given"} in ${root}. Usage: node bin/bootstrap.mjs bin/test.ts [args]`,
  )
}
const bun = phase(`bun ${wanted}`, () => findBun() ?? fetchBun())
if (!installed()) phase("bun install", install)
run()

function pinnedBun() {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
  return packageManager.replace(/^bun@/, "")
}

/** Runs the work and says on stderr what it was and how long it took. */
function phase(name, work) {
  const start = performance.now()
  const result = work()
  process.stderr.write(`hub: ${name}  ${((performance.now() - start) / 1000).toFixed(1)} s\n`)
  return result
}

function fail(sentence) {
  process.stderr.write(`hub: ${sentence}\n`)
  process.exit(1)
}

/** The first Bun at hand that is exactly the pinned one: the one running this, the caller's, PATH's, the last fetched. */
function findBun() {
  const here = process.versions.bun === undefined ? [] : [process.execPath]
  const caller = /bun(\.exe)?$/.test(process.env.npm_execpath ?? "") ? [process.env.npm_execpath] : []
  return [...here, ...caller, ...onPath(), link].find((path) => versionOf(path) === wanted)
}

function onPath() {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "")
  return folders.map((folder) => join(folder, windows ? "bun.exe" : "bun"))
}

function versionOf(path) {
  if (!existsSync(path)) return undefined
  return spawnSync(path, ["--version"], { encoding: "utf8" }).stdout?.trim()
}

/** Lets npm put the pinned Bun into its own cache, and gives the path of the program itself. */
function fetchBun() {
  process.stderr.write(`hub: fetching bun ${wanted} with npm\n`)
  const question = ["exec", "--yes", `--package=bun@${wanted}`, "--", "bun", "--print", "process.execPath"]
  const answer = npm(question)
  const path = answer.stdout?.trim().split("\n").at(-1) ?? ""
  if (answer.status === 0 && versionOf(path) === wanted) return path
  const said = `${answer.stderr ?? ""}${answer.error?.message ?? ""}`.trim()
  if (/postinstall script was not run/i.test(said)) {
    fail(
      `npm is set to skip install scripts (ignore-scripts), and without its own the Bun package is an empty shell. ` +
        `Run: npm install --global --ignore-scripts=false bun@${wanted}`,
    )
  }
  fail(
    `npm could not fetch bun@${wanted}. Install it by hand (npm install --global bun@${wanted}). npm said:\n${said}`,
  )
}

function npm(parameters) {
  const script = process.env.npm_execpath ?? ""
  const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }
  if (/npm-cli\.[cm]?js$/.test(script)) return spawnSync(process.execPath, [script, ...parameters], options)
  return spawnSync("npm", parameters, { ...options, shell: windows })
}

function installed() {
  const note = join(cache, "installed")
  return existsSync(note) && readFileSync(note, "utf8") === asked()
}

/** What the dependencies on disk must answer to. Content, not times: git sets none. */
function asked() {
  const hash = createHash("sha256").update(`${wanted} ${process.platform} ${process.arch}\n`)
  for (const file of ["package.json", "bun.lock"]) hash.update(readFileSync(join(root, file)))
  return hash.digest("hex")
}

function install() {
  const done = spawnSync(bun, ["install", "--frozen-lockfile"], { cwd: root, encoding: "utf8" })
  if (done.status !== 0)
    fail(`bun install failed:\n${done.stdout ?? ""}${done.stderr ?? done.error?.message ?? ""}`)
  mkdirSync(dirname(link), { recursive: true })
  if (bun !== link) remember()
  writeFileSync(join(cache, "installed"), asked())
}

/** npm's copy is called bun.exe on every system; the link gives it the name that programs start it by. */
function remember() {
  rmSync(link, { force: true })
  try {
    symlinkSync(bun, link)
  } catch {
    // Windows gives links to few users. Bun is then asked of npm again next time, and has the right name there.
  }
}

function run() {
  // Bun first on PATH: what the program starts by name is then the pinned one too.
  const PATH = [dirname(link), dirname(bun), process.env.PATH ?? ""].join(delimiter)
  const env = { ...process.env, PATH }
  const child = spawn(bun, [join(root, program), ...args], { cwd: root, stdio: "inherit", env })
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    // A terminal sends Ctrl-C to the child as well; it must not get it twice.
    process.on(signal, () => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal)))
  }
  child.on("error", (cause) => fail(`${bun} does not start: ${cause.message}`))
  child.on("exit", (code, signal) => end(code, signal))
}

function end(code, signal) {
  if (signal === null) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

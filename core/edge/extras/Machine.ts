/** What `hub doctor` finds on the machine without asking any hub. */
import { lstatSync, readdirSync, type Stats, statfsSync, statSync } from "node:fs"
import { join } from "node:path"
import type { Finding } from "../../plugin/Plugin.ts"
import type { HomeUnusable } from "../../services/Home.ts"
import type { Section } from "./Sections.ts"

const megabyte = 1_000_000

export interface Machine {
  readonly home: string
  /** Why no hub could work in it. */
  readonly unusable: HomeUnusable | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** The path of this program. */
  readonly program: string
}

export const machine = (given: Machine): ReadonlyArray<Section> => [
  { id: "home", findings: homeFindings(given) },
  { id: "disk", findings: diskFindings(given.home) },
  { id: "programs", findings: programFindings(given) },
]

const homeFindings = ({ home, unusable }: Machine): ReadonlyArray<Finding> => {
  if (unusable !== undefined) return [refusal(unusable)]
  const found = statSync(home, { throwIfNoEntry: false })
  if (found === undefined)
    return [{ level: "warning", text: `${home} is not there yet`, advice: "Run `hub init`." }]
  return [
    ...foreign(home, found),
    ...(process.platform === "win32" ? [] : modes(home, found)),
    ...(statOf(join(home, "plugins.toml")) === undefined
      ? [
          {
            level: "ok" as const,
            text: "no plugins.toml: the plugins of the binary run",
            advice: "`hub init` writes one to change.",
          },
        ]
      : []),
  ]
}

const refusal = ({ advice, detail, path }: HomeUnusable): Finding => ({
  level: "error",
  text: `${detail} (${JSON.stringify(path)})`,
  advice,
})

const statOf = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false })

/** What a hub left there that was started as somebody else, like `sudo hub`. */
const foreign = (home: string, { uid }: Stats): ReadonlyArray<Finding> => {
  const others = readdirSync(home)
    .map((name) => join(home, name))
    .filter((path) => (statOf(path)?.uid ?? uid) !== uid)
  if (others.length === 0) return []
  const text = `${others.join(", ")} ${others.length === 1 ? "belongs" : "belong"} to another user`
  const paths = others.map((path) => JSON.stringify(path)).join(" ")
  return [{ level: "error", text, advice: `Run: sudo chown -R "$(id -un)" ${paths}` }]
}

const PRIVATE = ["plugins.toml", "projects.toml", "hub.db", "secrets", "runs", "hub.sock"]

/** What stands in a private folder is private; what is not, is looked at file by file. */
const modes = (home: string, found: Stats): ReadonlyArray<Finding> => {
  const open = [home, ...PRIVATE.map((name) => join(home, name))].filter((path) =>
    isOpen(path === home ? found : statOf(path)),
  )
  if (open.length === 0) return [{ level: "ok", text: `${home} is private` }]
  const isHome = open.includes(home)
  return [
    {
      level: isHome ? "error" : "warning",
      text: `others on this machine may read ${open.join(", ")}`,
      advice: `Run: chmod go= ${open.map((path) => JSON.stringify(path)).join(" ")}`,
    },
  ]
}

const isOpen = (found: Stats | undefined): boolean =>
  found !== undefined && !found.isSymbolicLink() && (found.mode & 0o077) !== 0

const diskFindings = (home: string): ReadonlyArray<Finding> => {
  const free = freeBytes(home)
  if (free === undefined) return []
  const text = `${Math.round(free / megabyte).toLocaleString("en")} MB free`
  if (free < 100 * megabyte)
    return [{ level: "error", text, advice: "Make room: the hub refuses work that it cannot write down." }]
  if (free < 1_000 * megabyte)
    return [{ level: "warning", text, advice: "Agents that write much may fill it." }]
  return [{ level: "ok", text }]
}

/** Of the disk of a folder, or of the nearest one above it that is there. */
const freeBytes = (folder: string): number | undefined => {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    const above = join(folder, "..")
    return above === folder ? undefined : freeBytes(above)
  }
}

const programFindings = ({ env, program }: Machine): ReadonlyArray<Finding> => [
  shell(),
  which("git", env) === null
    ? {
        level: "warning",
        text: "git is not on PATH",
        advice: "Install it: agents and pipelines use it to see what changed.",
      }
    : { level: "ok", text: `git: ${which("git", env)}` },
  own(program, env),
]

const shell = (): Finding => {
  if (process.platform === "win32")
    return {
      level: "warning",
      text: "on Windows an attempt ends with the hub",
      advice: "Keep the hub running while agents work.",
    }
  return which("/bin/sh", {}) === null
    ? {
        level: "error",
        text: "/bin/sh is not there",
        advice: "Agents are started by it. Install a POSIX shell.",
      }
    : { level: "ok", text: "/bin/sh" }
}

const own = (program: string, env: Machine["env"]): Finding => {
  const found = which("hub", env)
  if (found === null)
    return {
      level: "warning",
      text: "hub is not on PATH",
      advice: `Agents that call it will not find it. Link ${program} into a folder of PATH.`,
    }
  return { level: "ok", text: `hub: ${found}` }
}

const which = (name: string, env: Machine["env"]): string | null =>
  Bun.which(name, { PATH: env["PATH"] ?? "" })

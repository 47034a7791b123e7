/** One daemon as its tests see it. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Subprocess } from "bun"
import { binary } from "../../bin/binary.ts"
import { processesWith } from "../../core/testing/processes.ts"
import { agent, documentOf, environment, type Home, isAlive, pidOfHub, run, until } from "../support/hub.ts"

export const hubHome = (home: Home): string => path.join(home.path, "hub")

/** An agent that notes each start, and answers once `open` was called with its prompt. */
export const gated = agent(
  "gated",
  'prompt=$(cat); echo "$prompt" >> starts; while [ ! -e "$prompt" ]; do sleep 0.05; done; echo "done: $prompt"',
)

export const open = (home: Home, prompt: string): void => fs.writeFileSync(path.join(home.path, prompt), "")

/** How often it was started for this prompt. */
export const starts = (home: Home, prompt: string): number => {
  const file = path.join(home.path, "starts")
  if (!fs.existsSync(file)) return 0
  return fs
    .readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line === prompt).length
}

/** Its agent has begun. */
export const dispatched = async (home: Home, prompt: string): Promise<string> => {
  const { code, err, out } = await run(home, ["dispatch", "--agent", "gated", prompt])
  if (code !== 0) throw new Error(err)
  await begun(home, prompt)
  return out.trim()
}

export const begun = (home: Home, prompt: string): Promise<boolean> =>
  until(`the start of ${prompt}`, () => starts(home, prompt) > 0 || undefined)

interface Status {
  readonly running: boolean
  readonly pid: number
  readonly version: string
  readonly arguments: ReadonlyArray<string>
  readonly config: { readonly file: string; readonly problem?: string }
  readonly http?: { readonly url?: string; readonly access?: string; readonly problem?: string }
  readonly clients: ReadonlyArray<{ readonly kind: string; readonly cwd?: string }>
  readonly runs: { readonly running: number }
  readonly ends_in_ms?: number
}

export const status = async (home: Home): Promise<Status> =>
  documentOf<Status>(await run(home, ["status", "--json"]))

export const ended = (pid: number): Promise<boolean> =>
  until(`the end of pid ${pid}`, () => !isAlive(pid) || undefined)

/** Processes of hubs of this home, whoever started them. Linux only. */
export const hubs = (home: Home): ReadonlyArray<number> => {
  const serving = processesWith([`HUB_HOME=${hubHome(home)}`]).flatMap(servingAt)
  const pids = serving.map(({ pid }) => pid)
  // What a hub has just forked looks like that hub until it is another program.
  return serving.filter(({ parent }) => !pids.includes(parent)).map(({ pid }) => pid)
}

const servingAt = (entry: string) => {
  try {
    const isServing = fs.readFileSync(`/proc/${entry}/cmdline`, "utf8").includes("\0serve\0")
    const [, parent] = fs.readFileSync(`/proc/${entry}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? []
    return isServing ? [{ pid: Number(entry), parent: Number(parent) }] : []
  } catch {
    return [] // It has ended meanwhile.
  }
}

export const pidOf = (home: Home): number => {
  const pid = pidOfHub(hubHome(home))
  if (pid === undefined) throw new Error("no hub is at work")
  return pid
}

/** How often a hub has started in this home. */
export const hubStarts = (home: Home): number =>
  fs.readFileSync(path.join(hubHome(home), "logs", "hub.log"), "utf8").split('"hub starts"').length - 1

/** `hub serve` in the foreground; it has said where it listens. */
export const foreground = async (
  home: Home,
  args: ReadonlyArray<string> = [],
): Promise<{ readonly child: Subprocess<"ignore", "pipe", "pipe">; readonly said: string }> => {
  const child = Bun.spawn([binary, "serve", ...args], {
    cwd: home.path,
    env: environment(home),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  })
  let said = ""
  for await (const piece of child.stderr) {
    said += new TextDecoder().decode(piece)
    if (said.includes("\n")) break
  }
  return { child, said }
}

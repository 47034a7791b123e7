/** Compiles the hub without doors once, and drives it. */
/* oxlint-disable typescript/no-explicit-any -- answers are JSON */
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { compiling } from "../../bin/compiling.ts"
import { writeTypes } from "../../bin/types.ts"
import type { PluginState } from "../../core/plugin/Catalogue.ts"

const root = join(import.meta.dir, "../..")

export const temp = (name: string): string => realpathSync(mkdtempSync(join(tmpdir(), `hub-case-${name}-`)))
export const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true })

/** Builds as bin/build.ts does, with the test's entry in place of bin/hub.ts. */
export const compile = async (folder: string): Promise<string> => {
  await writeTypes()
  const outfile = join(folder, "hub")
  const built = await Bun.build({
    ...compiling(outfile),
    entrypoints: [join(root, "tests/plugins/entry.ts"), join(root, "core/host/worker.ts")],
    root,
  })
  if (!built.success) throw new Error(built.logs.join("\n"))
  return outfile
}

/** Each is put in its place whole: a hub that follows it finds no half of it. */
export const write = (folder: string, files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    const part = `${folder}.part`
    writeFileSync(part, text)
    renameSync(part, join(folder, name))
  }
}

/** Runs the program to its end and gives its one line. */
export const once = async (binary: string, home: string, ...args: ReadonlyArray<string>): Promise<any> => {
  const child = Bun.spawn([binary, ...args], {
    cwd: "/",
    stdout: "pipe",
    stderr: "inherit",
    env: { PATH: process.env["PATH"] ?? "", HOME: home, HUB_HOME: home },
  })
  return JSON.parse(await child.stdout.text())
}

interface Snapshot {
  readonly revision: number
  readonly plugins: ReadonlyArray<PluginState>
}

interface Answer {
  readonly ok?: any
  readonly failed?: any
}

/** A running hub. Every wait is for an event of its stream. */
export interface Hub {
  readonly ask: (what: string, id: string, given?: unknown) => Promise<Answer>
  /** The first state of the instance, from now on or current, for which `is` holds. */
  readonly state: (instance: string, is?: (state: PluginState) => boolean) => Promise<PluginState>
  readonly refused: Promise<string>
  readonly stop: () => Promise<number>
  readonly kill: () => Promise<number>
  readonly pid: number
}

const settled = (state: PluginState) => state.state === "ready" || state.state === "failed"

export const start = (
  binary: string,
  home: string,
  limits: Readonly<Record<string, number>> = {},
  env: Record<string, string> = {},
): Hub => {
  const child = Bun.spawn([binary, home, JSON.stringify(limits)], {
    cwd: "/",
    stdin: "pipe",
    stdout: "pipe",
    stderr: process.env["HUB_TEST_STDERR"] === undefined ? "ignore" : "inherit",
    env: { PATH: process.env["PATH"] ?? "", HOME: home, ...env },
  })
  let latest: Snapshot = { revision: 0, plugins: [] }
  const watchers = new Set<() => void>()
  const answers = new Map<number, (answer: Answer) => void>()
  const refusal = Promise.withResolvers<string>()
  const take = (message: any) => {
    if ("refused" in message) refusal.resolve(message.refused)
    else if ("revision" in message) {
      latest = message
      for (const watcher of watchers) watcher()
    } else answers.get(message.n)?.(message)
  }
  void (async () => {
    let rest = ""
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) take(JSON.parse(line))
    }
  })()
  let last = 0
  const died = child.exited.then((code): never => {
    throw new Error(`the hub ended with ${code}`)
  })
  died.catch(() => undefined)
  const ask = (what: string, id: string, given?: unknown) => {
    const answer = Promise.withResolvers<Answer>()
    answers.set((last += 1), answer.resolve)
    void child.stdin.write(`${JSON.stringify({ n: last, what, id, given })}\n`)
    void child.stdin.flush()
    return Promise.race([answer.promise, died])
  }
  const state = (instance: string, is = settled) => {
    const found = Promise.withResolvers<PluginState>()
    const look = () => {
      const one = latest.plugins.find((plugin) => plugin.instance === instance)
      if (one === undefined || !is(one)) return
      watchers.delete(look)
      found.resolve(one)
    }
    watchers.add(look)
    look()
    return Promise.race([found.promise, died])
  }
  const stop = async () => {
    await child.stdin.end()
    return child.exited
  }
  const kill = () => {
    child.kill("SIGKILL")
    return child.exited
  }
  return { ask, kill, state, stop, refused: refusal.promise, pid: child.pid }
}

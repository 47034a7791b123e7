/**
 * Catches what an in-process plugin does outside of any call: an error thrown from a timer, a rejected promise, `process.exit`.
 *
 * This is a net for mistakes, not a fence: a plugin with `isolation = "none"` is trusted like the hub itself. Against a
 * plugin that means harm, or that loops, there is `isolation = "worker"` or `"process"`.
 */
import { AsyncLocalStorage } from "node:async_hooks"
import { Effect, type Scope } from "effect"
import { framesOf } from "./Loader.ts"

/** The plugin whose code runs. Timers and promises that it starts carry it on. */
export const running = new AsyncLocalStorage<string>()

export interface Watched {
  readonly instance: string
  /** The plugin's files, as they stand in stacks. */
  readonly files: () => ReadonlySet<string>
  /** Below this folder everything is the plugin's; for plugins that are folders. */
  readonly folder: string | undefined
  readonly late: (detail: string, error: unknown) => void
}

const watched = new Set<Watched>()

/** Thrown out of `process.exit`, so that the plugin's code does not go on. */
class Stopped extends Error {
  override readonly name = "Stopped"
}

/** Reports what this plugin does late, until the scope closes. */
export const watch = (plugin: Watched): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() => {
        install()
        watched.add(plugin)
        return plugin
      }),
      (one) => Effect.sync(() => watched.delete(one)),
    ),
  )

const originals = { exit: process.exit, kill: process.kill, abort: process.abort, reallyExit: reallyExitOf() }

function reallyExitOf(): (code?: number) => never {
  return (process as unknown as { reallyExit: (code?: number) => never }).reallyExit
}

let installed = false

const install = () => {
  if (installed) return
  installed = true
  process.on("uncaughtException", (error) => late(error, "threw outside of any call"))
  process.on("unhandledRejection", (error) => late(error, "left a rejected promise"))
  Object.assign(process, {
    exit: (code?: number) =>
      leave(
        () => `called process.exit(${code ?? ""})`,
        () => originals.exit.call(process, code),
      ),
    reallyExit: (code?: number) =>
      leave(
        () => `ended the process (${code ?? 0})`,
        () => originals.reallyExit.call(process, code),
      ),
    abort: () =>
      leave(
        () => "called process.abort()",
        () => originals.abort.call(process),
      ),
    kill: (pid: number, signal?: string | number) =>
      pid === process.pid && signal !== 0
        ? leave(
            () => `sent itself ${signal ?? "SIGTERM"}`,
            () => originals.kill.call(process, pid, signal),
          )
        : originals.kill.call(process, pid, signal),
  })
}

let leaving = false

const leave = <A>(what: () => string, really: () => A): A => {
  // process.exit calls process.reallyExit: the host's own way out must not be judged twice.
  const error = new Error(what())
  const culprit = leaving ? undefined : culpritOf(error)
  if (culprit === undefined) {
    leaving = true
    return really()
  }
  culprit.late(what(), error)
  throw new Stopped(`plugin "${culprit.instance}" ${what()}; the hub goes on without it`)
}

const late = (error: unknown, how: string) => {
  if (error instanceof Stopped) return
  const culprit = culpritOf(error)
  if (culprit !== undefined) return culprit.late(how, error)
  process.stderr.write(
    `hub: an error that belongs to no plugin: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
}

/** By the stack first: the mark is missing where code runs at import, the stack where a call stands in tail position. */
const culpritOf = (error: unknown): Watched | undefined => {
  const stack = framesOf(error)
  const plugins = [...watched]
  for (const line of stack.split("\n")) {
    const found = plugins.find((plugin) => owns(plugin, line))
    if (found !== undefined) return found
  }
  const name = running.getStore()
  return name === undefined ? undefined : plugins.find((plugin) => plugin.instance === name)
}

const owns = (plugin: Watched, line: string): boolean => {
  const file = /(\/[^()\n]*?|[A-Za-z]:\\[^()\n]*?)(?:\?v=\d+)?:\d+:\d+\)?$/.exec(line)?.[1]
  if (file === undefined) return false
  return plugin.files().has(file) || (plugin.folder !== undefined && file.startsWith(`${plugin.folder}/`))
}

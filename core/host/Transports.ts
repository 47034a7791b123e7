/** How the hub reaches a plugin that does not run inside it: a worker of this program, or a process. */
/* oxlint-disable unicorn/prefer-add-event-listener, unicorn/require-post-message-target-origin -- a worker of our own, not a window */
import * as path from "node:path"
import { Deferred, Effect, Exit } from "effect"
import type { Instance } from "./PluginsToml.ts"
import type { Connect } from "./Remote.ts"
import { gone, lines, RpcError, codes } from "./Rpc.ts"
import type { Source } from "./Source.ts"

type File = Extract<Source, { readonly kind: "file" }>

// In the compiled program every chunk stands at its root, the worker's entry below it, as bin/build.ts names it.
const workerUrl = (): string =>
  /\$bunfs|~BUN/.test(import.meta.url)
    ? path.join(import.meta.dir, "core/host/worker.js")
    : new URL("./worker.ts", import.meta.url).href

/** A thread of this program. It shares the hub's memory limit and rights, but can be ended. */
export const worker = (instance: string, source: File): Connect =>
  Effect.fnUntraced(function* ({ closed, receive }) {
    const ready = Deferred.makeUnsafe<void, RpcError>()
    const thread = yield* Effect.acquireRelease(
      Effect.sync(() => new Worker(workerUrl())),
      (thread) => Effect.sync(() => thread.terminate()),
    )
    let broke = ""
    thread.onmessage = ({ data }: { data: unknown }) =>
      data === "ready" ? Deferred.doneUnsafe(ready, Exit.void) : receive(String(data))
    thread.onerror = (event) => {
      event.preventDefault()
      broke = event.message
    }
    thread.addEventListener("close", (event) => {
      const reason =
        broke === ""
          ? `its worker ended with ${(event as unknown as { code: number }).code}`
          : `threw outside of any call: ${broke}`
      Deferred.doneUnsafe(ready, Exit.fail(gone(reason)))
      closed(reason)
    })
    yield* Deferred.await(ready)
    thread.postMessage({ entry: source.entry, folder: source.folder, instance })
    return { send: (text) => thread.postMessage(text), kill: () => thread.terminate() }
  })

/** How long its output is read on after its end: what it has left behind may hold it open. */
const LAST_WORDS_MS = 1000

/** The last lines that a process wrote to stderr, for the reason why it ended. */
const TAIL = 2000

/**
 * A process of its own, in the plugin's folder, with a small environment: PATH, HOME, LANG, TMPDIR and what `env` names.
 * It ends with the hub: its stdin ends then, and closing the scope kills it.
 */
export const subprocess = (instance: Instance, source: File, runner: ReadonlyArray<string>): Connect =>
  Effect.fnUntraced(function* ({ closed, receive }) {
    const command = instance.command ?? [...runner, source.entry]
    const child = yield* Effect.acquireRelease(
      start(command, source.folder, environment(instance.env)),
      (child) => Effect.promise(() => stop(child)),
    )
    const cut = lines(receive)
    let stderr = ""
    const read = async () => {
      for await (const chunk of child.stdout)
        if (!cut(chunk)) {
          closed("sent a message longer than 16 MB")
          break
        }
    }
    const listen = async () => {
      const decoder = new TextDecoder()
      for await (const chunk of child.stderr)
        stderr = (stderr + decoder.decode(chunk, { stream: true })).slice(-TAIL)
    }
    const done = Promise.allSettled([read(), listen()])
    void child.exited.then(async (code) => {
      await Promise.race([done, Bun.sleep(LAST_WORDS_MS)])
      closed(
        `its process ended with ${child.signalCode ?? code}${stderr.trim() === "" ? "" : `: ${stderr.trim()}`}`,
      )
    })
    return {
      send: (text) => {
        if (child.exitCode !== null) return
        void child.stdin.write(`${text}\n`)
        void child.stdin.flush()
      },
      kill: () => child.kill("SIGKILL"),
    }
  })

const start = (command: ReadonlyArray<string>, cwd: string, env: Record<string, string>) =>
  Effect.try({
    try: () => Bun.spawn([...command], { cwd, env, stdin: "pipe", stdout: "pipe", stderr: "pipe" }),
    catch: (error) =>
      new RpcError({
        code: codes.internal,
        message: `cannot start ${command[0]}: ${(error as Error).message}`,
      }),
  })

const GRACE_MS = 1000

const stop = async (child: Bun.Subprocess<"pipe", "pipe", "pipe">): Promise<void> => {
  try {
    await child.stdin.end()
  } catch {
    // it is gone already
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS)
  await child.exited
  clearTimeout(timer)
}

const environment = (names: ReadonlyArray<string>): Record<string, string> => {
  const taken = ["PATH", "HOME", "LANG", "TMPDIR", ...names].filter(
    (name) => name !== "BUN_OPTIONS" && name !== "BUN_BE_BUN",
  )
  return Object.fromEntries(
    taken.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}

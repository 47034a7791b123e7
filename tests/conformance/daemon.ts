/** The built daemon over HTTP, open, with the conformance plugin in a home of its own. */
import { resolve } from "node:path"
import { binary } from "../../bin/binary.ts"
import { environment, makeHome } from "../support/hub.ts"

const plugin = resolve(import.meta.dir, "plugin")

const pluginsToml = `[plugin.conformance]\nuse = ${JSON.stringify(plugin)}\nstartup = "required"\n`

export interface Daemon {
  /** `http://127.0.0.1:41133` */
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Fails, with what it said, when it ends before it listens. */
export const startDaemon = async (): Promise<Daemon> => {
  const home = makeHome({ "hub/plugins.toml": pluginsToml })
  const child = Bun.spawn([binary, "serve", "--http", "--port", "0", "--open"], {
    cwd: home.path,
    env: environment(home),
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  })
  const stop = async () => {
    child.kill("SIGTERM")
    await child.exited
    home.remove()
  }
  const url = await listening(child.stderr)
  if (typeof url === "string") return { url, stop }
  await stop()
  throw new Error(`The daemon did not begin to listen: ${url.said}`)
}

const listening = async (stderr: ReadableStream<Uint8Array>): Promise<string | { readonly said: string }> => {
  const decoder = new TextDecoder()
  let said = ""
  const { promise, resolve } = Promise.withResolvers<string | { readonly said: string }>()
  // Read to its end: a full pipe would hold the daemon up.
  const read = async () => {
    for await (const piece of stderr) {
      said = (said + decoder.decode(piece, { stream: true })).slice(-10_000)
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? []
      if (url !== undefined) resolve(url)
    }
    resolve({ said })
  }
  void read()
  return promise
}

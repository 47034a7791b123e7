/** The built daemon with its HTTP door open, as a test or a measurement drives it. */
import { binary } from "../../bin/binary.ts"
import { environment, type Home } from "./hub.ts"

export interface Daemon {
  /** `http://127.0.0.1:41133` */
  readonly url: string
  readonly pid: number
  readonly stop: () => Promise<void>
}

/** `hub serve --http --port 0 --open`. Fails, with what it said, when it ends before it listens. */
export const serveHttp = async (home: Home): Promise<Daemon> => {
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
  }
  const found = await listening(child.stderr)
  if ("url" in found) return { url: found.url, pid: child.pid, stop }
  await stop()
  throw new Error(`The daemon did not begin to listen: ${found.said}`)
}

const listening = (
  stderr: ReadableStream<Uint8Array>,
): Promise<{ readonly url: string } | { readonly said: string }> =>
  new Promise((resolve) => {
    // Read to its end: a full pipe would hold the daemon up.
    const read = async () => {
      const decoder = new TextDecoder()
      let said = ""
      for await (const piece of stderr) {
        said = (said + decoder.decode(piece, { stream: true })).slice(-10_000)
        const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? []
        if (url !== undefined) resolve({ url })
      }
      resolve({ said })
    }
    void read()
  })

/** What a figure works with: folders, homes and hubs of its own, all of them gone at its end. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { type Home, makeHome, Server, shim } from "../../tests/support/hub.ts"
import * as Processes from "./Processes.ts"

export type { Home, Server }

export class Bench {
  readonly quick: boolean
  readonly #cleanups: Array<() => unknown> = []
  #ended = false

  constructor(quick: boolean) {
    this.quick = quick
  }

  /** A number of the whole bench, or of `--quick`. */
  pick(whole: number, quick: number): number {
    return this.quick ? quick : whole
  }

  say(line: string): void {
    process.stderr.write(`bench:   ${line}\n`)
  }

  /** Once the bench has ended, what comes late is cleaned up at once and goes no further. */
  defer(cleanup: () => unknown): void {
    if (!this.#ended) return void this.#cleanups.push(cleanup)
    void cleanup()
    throw new Error("the figure has been ended")
  }

  folder(): string {
    const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "hub-bench-")))
    this.defer(() => fs.rmSync(folder, { recursive: true, force: true }))
    return folder
  }

  /** `plugins.toml` and the pipelines go to `hub/`, for that is its HUB_HOME. */
  home(files: Readonly<Record<string, string>>): Home {
    const home = makeHome(files)
    this.defer(() => home.remove())
    this.defer(() => Processes.endAllOf(home.path))
    return home
  }

  /** `hub serve --stdio --standalone`, ready for calls. */
  hub(home: Home): Promise<Server> {
    return this.#ready(new Server(home))
  }

  /** `hub serve --stdio`, ready for calls: a shim, and the daemon that it has started. */
  shim(home: Home): Promise<Server> {
    return this.#ready(shim(home))
  }

  async #ready(server: Server): Promise<Server> {
    this.defer(() => server.kill("SIGKILL"))
    await server.initialize()
    await server.tool("list_agents", {})
    return server
  }

  /** In reverse order, each whatever became of the others. */
  async end(): Promise<void> {
    this.#ended = true
    for (let cleanup = this.#cleanups.pop(); cleanup !== undefined; cleanup = this.#cleanups.pop()) {
      try {
        await cleanup()
      } catch (error) {
        this.say(`clean up: ${String(error)}`)
      }
    }
  }
}

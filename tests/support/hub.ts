/** The built binary as a test drives it: its own home, its own environment, plain JSON-RPC lines. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import type { Subprocess } from "bun"
import { binary } from "../../bin/binary.ts"

export interface Home {
  readonly path: string
  readonly write: (file: string, text: string) => void
  /** Ends the hub at work in it, if there is one, as `endHub` does. */
  readonly stop: () => void
  /** Stops, and removes the folder. */
  readonly remove: () => void
}

/** A home in a temporary folder. Whoever makes it removes it: a command may have started a hub in it. */
export const makeHome = (files: Readonly<Record<string, string>> = {}): Home => {
  const home = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "hub-home-")))
  const write = (file: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(home, file)), { recursive: true })
    // Put in its place whole: a hub that follows it finds no half of it.
    const part = path.join(home, ".part")
    fs.writeFileSync(part, text, { mode: 0o600 })
    fs.renameSync(part, path.join(home, file))
  }
  for (const [file, text] of Object.entries(files)) write(file, text)
  const stop = () => endHub(path.join(home, "hub"))
  const remove = () => {
    stop()
    fs.rmSync(home, { recursive: true, force: true })
  }
  return { path: home, write, stop, remove }
}

/** Ends the hub at work in a HUB_HOME and waits until its process is gone. Its agents are not its own, and go on. */
export const endHub = (folder: string): void => {
  const pid = pidOfHub(folder)
  if (pid === undefined) return
  const start = Date.now()
  for (const [signal, within] of [
    ["SIGTERM", 5_000],
    ["SIGKILL", 10_000],
  ] as const) {
    send(pid, signal)
    while (isAlive(pid) && Date.now() - start < within) Bun.sleepSync(2)
  }
}

/** Of the hub at work in a HUB_HOME, as long as its process is that hub. */
export const pidOfHub = (folder: string): number | undefined => {
  const pid = Number(/"pid":(\d+)/.exec(read(path.join(folder, "holder.json")) ?? "")?.[1] ?? 0)
  if (pid === 0 || !isAlive(pid)) return undefined
  const environ = read(`/proc/${pid}/environ`)
  return environ === undefined || environ.split("\0").includes(`HUB_HOME=${folder}`) ? pid : undefined
}

/** A process that has ended, and that nobody has waited for, is not alive. */
export const isAlive = (pid: number): boolean =>
  // In this order: one that is gone has no state to be read, and where there is no /proc none has.
  !/^\d+ \(.*\) Z/s.test(read(`/proc/${pid}/stat`) ?? "") && send(pid, 0)

const read = (file: string): string | undefined => {
  try {
    return fs.readFileSync(file, "utf8")
  } catch {
    return undefined
  }
}

const send = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

export const environment = (home: Home): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: home.path,
  HUB_HOME: path.join(home.path, "hub"),
  NO_COLOR: "1",
})

export interface Finished {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs `hub ARGS` to its end. */
export const run = async (
  home: Home,
  args: ReadonlyArray<string>,
  options: {
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string>>
    readonly stdin?: string
    /** A program and its arguments that start the hub. */
    readonly through?: ReadonlyArray<string>
    /** Another copy of the hub. */
    readonly program?: string
  } = {},
): Promise<Finished> => {
  const child = Bun.spawn([...(options.through ?? []), options.program ?? binary, ...args], {
    cwd: options.cwd ?? home.path,
    env: { ...environment(home), ...options.env },
    stdin: options.stdin === undefined ? "ignore" : new TextEncoder().encode(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, out, err }
}

interface Reply {
  readonly id?: number | string | null
  readonly result?: Record<string, unknown>
  readonly error?: { readonly code: number; readonly message: string }
  readonly method?: string
}

const lost: Reply = { error: { code: 0, message: "the hub is gone" } }

/** `hub serve --stdio --standalone`, or another way to serve, spoken to in lines. */
export class Server {
  readonly child: Subprocess<"pipe", "pipe", "pipe">
  private readonly waiting = new Map<number, (reply: Reply) => void>()
  private readonly ended: Promise<void>
  private next = 1
  private gone = false
  stderr = ""
  /** Codes of errors that answer no request. */
  readonly complaints: Array<number> = []
  /** Notifications. */
  readonly told: Array<{ readonly method: string }> = []

  constructor(
    home: Home,
    args: ReadonlyArray<string> = [],
    env: Readonly<Record<string, string>> = {},
    cwd = home.path,
    how: ReadonlyArray<string> = ["serve", "--stdio", "--standalone"],
  ) {
    this.child = Bun.spawn([binary, ...how, ...args], {
      cwd,
      env: { ...environment(home), ...env },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    })
    this.ended = this.read()
    void this.readErrors()
  }

  private async readErrors(): Promise<void> {
    const decoder = new TextDecoder()
    for await (const piece of this.child.stderr) this.stderr += decoder.decode(piece, { stream: true })
  }

  private async read(): Promise<void> {
    let rest = ""
    const decoder = new TextDecoder()
    for await (const piece of this.child.stdout) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) this.take(line)
    }
    this.gone = true
    for (const settle of this.waiting.values()) settle(lost)
  }

  private take(line: string): void {
    const reply = JSON.parse(line) as Reply
    if (typeof reply.id === "number") this.waiting.get(reply.id)?.(reply)
    else if (reply.error !== undefined) this.complaints.push(reply.error.code)
    else if (reply.method !== undefined) this.told.push({ method: reply.method })
  }

  send(line: string): void {
    say(this.child.stdin, line)
  }

  async request(method: string, params: unknown = {}): Promise<Reply> {
    if (this.gone) return lost
    const id = this.next++
    const reply = new Promise<Reply>((settle) => this.waiting.set(id, settle))
    this.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }))
    const settled = await reply
    this.waiting.delete(id)
    return settled
  }

  async initialize(): Promise<Reply> {
    const reply = await this.request("initialize", {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "test", version: "1" },
    })
    this.send(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }))
    return reply
  }

  /** The structured result of a tool; throws when the tool, or the hub, says no. */
  async tool<A = Record<string, unknown>>(name: string, args: unknown): Promise<A> {
    const reply = await this.request("tools/call", { name, arguments: args })
    const result = reply.result as { structuredContent?: A; isError?: boolean; content?: unknown } | undefined
    if (result === undefined || result.isError === true)
      throw new Error(`${name}: ${JSON.stringify(reply.error ?? result?.content)}`)
    return result.structuredContent as A
  }

  /** Closes stdin, as a client that is done does. */
  async close(): Promise<number> {
    tried(() => this.child.stdin.end())
    await this.ended
    return this.child.exited
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.child.kill(signal)
    await this.child.exited
    await this.ended
  }
}

/** A line for a program that may be gone: then nobody hears it. */
export const say = (stdin: Bun.FileSink, line: string): void => {
  tried(() => stdin.write(`${line}\n`))
  tried(() => stdin.flush())
}

const tried = (work: () => unknown): void => {
  void (async () => work())().catch(() => undefined)
}

/** `hub serve --stdio`: the shim, which leads to the one hub of the home. */
export const shim = (home: Home, env: Readonly<Record<string, string>> = {}): Server =>
  new Server(home, [], env, home.path, ["serve", "--stdio"])

/** The one document that `--json` prints; throws when there is more, or less. */
export const documentOf = <A = Record<string, unknown>>({ err, out }: Finished): A => {
  if (!out.endsWith("\n")) throw new Error(`no whole line on stdout: ${out}${err}`)
  return JSON.parse(out) as A
}

/** An agent of plugins.toml: a shell script that gets the prompt on stdin. `more` goes into its config. */
export const agent = (id: string, script: string, more = ""): string => `
[plugin.${id}]
use = "agent-command"
[plugin.${id}.config]
program = "sh"
args = ["-c", ${JSON.stringify(script)}]
version_args = []
${more}
`

/** Looks again and again until there is something; throws, naming `what`, when that takes half a minute. */
export const until = async <A>(
  what: string,
  look: () => A | undefined | Promise<A | undefined>,
): Promise<A> => {
  const end = Date.now() + 30_000
  while (Date.now() < end) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await Bun.sleep(10)
  }
  throw new Error(`${what}: not seen in 30 seconds`)
}

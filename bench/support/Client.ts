/** An MCP client over stdio, in plain lines: what it costs itself is the same, whatever program is at the other end. */
import type { Subprocess } from "bun"
import type { Bench } from "./Bench.ts"

export const initialize = {
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "bench", version: "1" } },
}

const echo = { method: "tools/call", params: { name: "echo", arguments: { text: "hello" } } }

export class Client {
  readonly child: Subprocess<"pipe", "pipe", "ignore">
  readonly #waiting = new Map<number, PromiseWithResolvers<string>>()
  #next = 0

  constructor(argv: ReadonlyArray<string>, options: { cwd?: string; env?: Record<string, string> } = {}) {
    this.child = Bun.spawn([...argv], { ...options, stdin: "pipe", stdout: "pipe", stderr: "ignore" })
    void this.#read(argv.join(" "))
  }

  async #read(name: string): Promise<void> {
    for await (const line of linesOf(this.child.stdout)) {
      const id = Number(/"id":(\d+)/.exec(line)?.[1] ?? -1)
      this.#waiting.get(id)?.resolve(line)
      this.#waiting.delete(id)
    }
    for (const { reject } of this.#waiting.values()) reject(new Error(`${name} has ended`))
  }

  /** Gives the line that answers. */
  request(message: object): Promise<string> {
    const id = ++this.#next
    const answer = Promise.withResolvers<string>()
    this.#waiting.set(id, answer)
    this.#send({ id, ...message })
    return answer.promise
  }

  async initialize(): Promise<void> {
    await this.request(initialize)
    this.#send({ method: "notifications/initialized" })
  }

  /** One call of the trivial tool. */
  async echo(): Promise<void> {
    const line = await this.request(echo)
    if (!line.includes('"text":"hello"')) throw new Error(`no answer to a call: ${line.slice(0, 500)}`)
  }

  #send(message: object): void {
    void this.child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
    void this.child.stdin.flush()
  }

  /** Closes its end, and waits for the program's. */
  async close(): Promise<void> {
    void this.child.stdin.end()
    await this.child.exited
  }
}

/** Initialized, and closed with the bench. */
export const connected = async (
  bench: Bench,
  argv: ReadonlyArray<string>,
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Client> => {
  const client = new Client(argv, options)
  bench.defer(() => client.close())
  await client.initialize()
  return client
}

export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const piece of stream) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n")
    rest = lines.pop() ?? ""
    yield* lines
  }
}

/** The smallest MCP server, compiled and running: what a call costs when nothing is done in it. */
import type { Bench } from "./Bench.ts"
import { compile } from "./Program.ts"
import { timed } from "./Samples.ts"

/** Gives the milliseconds of one call of its one tool. */
export const peer = async (bench: Bench): Promise<() => Promise<number>> => {
  const child = Bun.spawn([await compile(bench, "one-tool")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
  })
  bench.defer(async () => {
    void child.stdin.end()
    await child.exited
  })
  const lines = linesOf(child.stdout)
  const ask = async (message: object): Promise<void> => {
    void child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, ...message })}\n`)
    void child.stdin.flush()
    const { done } = await lines.next()
    if (done === true) throw new Error("the one-tool server has ended")
  }
  const clientInfo = { name: "bench", version: "1" }
  await ask({ method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo } })
  return () =>
    timed(() => ask({ method: "tools/call", params: { name: "echo", arguments: { text: "hello" } } }))
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const piece of stream) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n")
    rest = lines.pop() ?? ""
    yield* lines
  }
}

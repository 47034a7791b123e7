/** Three clients of one hub, each dispatching through its own door until it is told to stop. */
import { Client } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
import { binary } from "../../bin/binary.ts"
import { environment, type Home, isAlive, run, until } from "../support/hub.ts"

/** Gives the id of the run once the hub has acknowledged it; fails when it has not, whatever became of it. */
type Ask = () => Promise<string>

export interface Connected {
  readonly ask: Ask
  readonly close: () => Promise<void>
}

const request = (home: Home) => ({ prompt: "go", pipeline: "both", cwd: home.path })

/** An MCP client on a shim of its own, which outlives every hub. */
export const overShim = async (home: Home): Promise<Connected> => {
  const client = new Client({ name: "crash", version: "1" })
  const args = ["serve", "--stdio"]
  const server = { command: binary, args, env: environment(home), cwd: home.path, stderr: "ignore" } as const
  const transport = new StdioClientTransport(server)
  await client.connect(transport)
  const { pid } = transport
  const ask = async () => {
    const { content, isError, structuredContent } = await client.callTool({
      name: "dispatch",
      arguments: request(home),
    })
    if (isError === true) throw new Error(JSON.stringify(content))
    return (structuredContent as { run_id: string }).run_id
  }
  const close = async () => {
    await client.close()
    await until("the end of the shim", () => pid === null || !isAlive(pid))
  }
  return { ask, close }
}

/** A command for each dispatch. It starts the hub when there is none. */
export const overCommands = (home: Home): Connected => ({
  ask: async () => {
    const { code, err, out } = await run(home, ["dispatch", "--pipeline", "both", "--json", "go"])
    if (code !== 0) throw new Error(err)
    return (JSON.parse(out) as { run_id: string }).run_id
  },
  close: async () => {},
})

/** Requests over HTTP to whatever hub listens there. */
export const overHttp = (home: Home, url: string): Connected => ({
  ask: async () => {
    const answer = await fetch(`${url}/api/dispatch`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request(home)),
    })
    if (!answer.ok) throw new Error(await answer.text())
    return ((await answer.json()) as { run_id: string }).run_id
  },
  close: async () => {},
})

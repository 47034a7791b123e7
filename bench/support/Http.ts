/** MCP over HTTP, as a client and as the hub's door. */
import * as path from "node:path"
import { serveHttp } from "../../tests/support/serve.ts"
import type { Bench } from "./Bench.ts"
import type { Call } from "./Load.ts"

const protocolVersion = "2025-11-25"

const headers = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": protocolVersion,
}

/** Sends again once: node closes a connection that rested for five seconds, perhaps just as it is used again. */
const send = (url: string, request: RequestInit): Promise<Response> =>
  fetch(url, request).catch(() => fetch(url, request))

/** A client with a session of its own; gives one call of its tool. */
const client = async (url: string): Promise<Call> => {
  const post = (body: object, more: Record<string, string> = {}) =>
    send(`${url}/mcp`, {
      method: "POST",
      headers: { ...headers, ...more },
      body: JSON.stringify({ jsonrpc: "2.0", ...body }),
    })
  const clientInfo = { name: "bench", version: "1" }
  const params = { protocolVersion, capabilities: {}, clientInfo }
  const opened = await post({ id: 0, method: "initialize", params })
  await opened.text()
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" }
  await (await post({ method: "notifications/initialized" }, session)).text()
  let id = 0
  const echo = { name: "echo", arguments: { text: "hello" } }
  return async () => {
    const answer = await post({ id: ++id, method: "tools/call", params: echo }, session)
    const text = await answer.text()
    if (!text.includes('"text":"hello"')) throw new Error(`no answer to a call: ${text.slice(0, 500)}`)
  }
}

export const clients = (url: string, count: number): Promise<ReadonlyArray<Call>> =>
  Promise.all(Array.from({ length: count }, () => client(url)))

/** `plugins.toml` of a hub with the trivial tool. The limit of calls over HTTP is looked at, but not met. */
export const echoPlugin = (): Record<string, string> => {
  const plugin = JSON.stringify(path.join(import.meta.dir, "../fixtures/echo.ts"))
  return { "hub/plugins.toml": `[serve]\ncalls_per_minute = 1_000_000\n\n[plugin.echo]\nuse = ${plugin}\n` }
}

/** The address of a hub with the trivial tool. */
export const hubOverHttp = async (bench: Bench): Promise<string> => {
  const { stop, url } = await serveHttp(bench.home(echoPlugin()))
  bench.defer(stop)
  return url
}

/** The address of a bare server with the same tool. */
export const bareOverHttp = async (bench: Bench, program: string): Promise<string> => {
  const child = Bun.spawn([program], { stdout: "pipe", stderr: "ignore" })
  bench.defer(async () => {
    child.kill()
    await child.exited
  })
  for await (const piece of child.stdout) return new TextDecoder().decode(piece).trim()
  throw new Error("the bare server has ended")
}

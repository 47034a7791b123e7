import { afterEach, describe, expect, test } from "bun:test"
import { createMcpHandler } from "@modelcontextprotocol/server"
import { Deferred, Effect, Schema } from "effect"
import type { Scope } from "../../plugin/Operation.ts"
import { catalogueOf, closeAll, hubOf, oldClient } from "../fixtures/linked.ts"
import { operation } from "../fixtures/works.ts"
import { factsKey } from "./Callers.ts"
import { instructions } from "./Instructions.ts"
import { makeForOne } from "./Server.ts"

afterEach(closeAll)

interface Answer {
  readonly result: { readonly tools: ReadonlyArray<{ readonly name: string }> }
  readonly error: { readonly code: number }
}

const seen: Array<unknown> = []
const list = [
  {
    ...operation({
      name: "here",
      input: Schema.Struct({ region: Schema.String }),
      input_schema: {
        type: "object",
        properties: { region: { type: "string", "x-mcp-header": "Region" } },
        required: ["region"],
      },
      run: (input, caller) => Effect.sync(() => void seen.push({ input, caller })),
    }),
    scope: "read" as Scope,
  },
  { ...operation({ name: "rule", run: () => Effect.void }), scope: "admin" as Scope },
]

describe("one request of the newest era", () => {
  const handler = createMcpHandler(() =>
    makeForOne({ hub: hubOf(catalogueOf({ list })).hub, name: "hub", version: "1", fork: Effect.runFork }),
  )
  const post = async (
    method: string,
    params: object,
    facts: object,
    headers: Record<string, string> = {},
  ) => {
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
    }
    const request = new Request("http://127.0.0.1/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
    })
    const authInfo = { token: "", clientId: "ci", scopes: [], extra: { [factsKey]: facts } }
    const response = await handler.fetch(request, { authInfo })
    return { status: response.status, answer: (await response.json()) as Answer }
  }

  test("what the door knows of the caller comes with the request", async () => {
    const shown = async (facts: object) => {
      const { answer } = await post("tools/list", {}, facts)
      return answer.result.tools.map(({ name }) => name)
    }
    expect(await shown({ scopes: ["read"], token: "ci" })).toEqual(["here"])
    expect(await shown({})).toEqual(["here", "rule"])
  })

  test("headers that mirror an input are checked against it", async () => {
    const call = (region: string) =>
      post(
        "tools/call",
        { name: "here", arguments: { region: "eu" } },
        { token: "ci" },
        { "mcp-name": "here", "mcp-param-region": region },
      )
    expect((await call("us")).answer.error.code).toBe(-32_020)
    expect(seen).toEqual([])
    expect((await call("eu")).status).toBe(200)
    expect(seen).toMatchObject([{ input: { region: "eu" }, caller: { client: "raw 1", token: "ci" } }])
  })
})

test("a client that asks without end is told to wait, and is answered again after that", async () => {
  const gate = Deferred.makeUnsafe<void>()
  const waits = operation({ name: "waits", run: () => Deferred.await(gate) })
  const client = await oldClient(hubOf(catalogueOf({ list: [waits] })))
  const calls = Array.from({ length: 1_001 }, () => client.callTool({ name: "waits", arguments: {} }))
  await expect(calls.at(-1)!).rejects.toThrow("1000 requests are under way. Wait for one of them.")
  Effect.runSync(Deferred.succeed(gate, undefined))
  await Promise.all(calls.slice(0, -1))
  expect((await client.listTools()).tools.length).toBe(1)
})

test("what a client's model is told has fewer than 200 words and names the tools", () => {
  expect(instructions.split(/\s+/).length).toBeLessThan(200)
  for (const name of ["dispatch", "check_dispatch", "wait_seconds", "cancel_dispatch", "hub://runs/{id}"])
    expect(instructions).toContain(name)
})

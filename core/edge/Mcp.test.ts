import { afterEach, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client as NewClient } from "@modelcontextprotocol/client"
import { StdioClientTransport as NewTransport } from "@modelcontextprotocol/client/stdio"
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js"
import { StdioClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/stdio.js"
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js"
import { instructions } from "./mcp/Instructions.ts"

const program = join(import.meta.dir, "fixtures/mcp.ts")
const opening = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
}

interface Message {
  readonly id?: number | string | null
  readonly method?: string
  readonly result?: Record<string, never>
  readonly error?: { readonly code: number; readonly message: string }
}

/** A client that writes whatever lines it is told to. */
const raw = (env: Record<string, string> = {}) => {
  const child = Bun.spawn([process.execPath, program], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...env },
  })
  open.push(child)
  const lines = linesOf(child.stdout)
  const send = async (...texts: ReadonlyArray<string | object>) => {
    for (const text of texts) child.stdin.write(`${typeof text === "string" ? text : JSON.stringify(text)}\n`)
    await child.stdin.flush()
  }
  const next = async (): Promise<Message> => JSON.parse((await lines.next()).value ?? "null") as Message
  /** The answer to one request, whatever comes before it. */
  const answer = async (id: number | string): Promise<Message> => {
    for (let message = await next(); ; message = await next())
      if (message === null || message.id === id) return message
  }
  return { child, send, next, answer }
}

const open: Array<Bun.Subprocess> = []
afterEach(async () => {
  for (const child of open.splice(0)) {
    child.kill("SIGKILL")
    await child.exited
  }
})

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest = ""
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n")
    rest = parts.pop() ?? ""
    yield* parts
  }
  return undefined
}

const call = (id: number, name: string, args: object = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args },
})

describe("raw lines", () => {
  test("what is broken is answered, and the connection goes on", async () => {
    const { answer, next, send } = raw()
    await send(opening)
    expect((await next()).id).toBe(0)
    await send(
      "{broken",
      "",
      '"text"',
      "[]",
      '{"jsonrpc":"2.0","id":"x","method":5}',
      "\u0000\u0001",
      "\xff\xfe",
    )
    const codes = []
    for (let i = 0; i < 6; i++) codes.push((await next()).error?.code)
    expect(codes).toEqual([-32700, -32600, -32600, -32600, -32700, -32700])
    await send({ jsonrpc: "2.0", id: 1, method: "no/such" }, call(2, "no_such"), call(3, "list_agents"))
    expect((await answer(1)).error?.code).toBe(-32601)
    const [unknown, agents] = [await answer(2), await answer(3)]
    expect(unknown.error).toEqual({
      code: -32602,
      message: expect.stringContaining('There is no tool "no_such". Known: dispatch, '),
    })
    expect(agents.result).toMatchObject({
      structuredContent: { agents: [{ id: "claude" }, { id: "codex" }] },
    })
  })

  test("an oversized message fails by its id, without growing memory, and the connection goes on", async () => {
    const { answer, child, next, send } = raw()
    await send(opening)
    await next()
    const megabyte = "x".repeat(1_000_000)
    child.stdin.write(
      '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"dispatch","arguments":{"prompt":"',
    )
    for (let i = 0; i < 300; i++) {
      child.stdin.write(megabyte)
      await child.stdin.flush()
    }
    await send('"}},"id":7}', call(8, "list_agents"))
    expect((await answer(7)).error).toEqual({ code: -32600, message: "A message may have 20.1 MB at most." })
    expect((await answer(8)).result).toBeDefined()
    const status = await Bun.file(`/proc/${child.pid}/status`).text()
    expect(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1000).toBeLessThan(280)
  })

  test("a prompt of 2 MB passes", async () => {
    const { answer, send } = raw()
    await send(opening, call(1, "dispatch", { prompt: 'ü"\n'.repeat(500_000) }))
    expect((await answer(1)).result).toMatchObject({ structuredContent: { run_id: "ok" } })
  })

  test("a refused call is no protocol error: the sentence is its text", async () => {
    const { answer, send } = raw()
    await send(
      opening,
      call(1, "check_dispatch", { run_id: "nope" }),
      call(2, "check_dispatch", { id: 1, wait_seconds: 99 }),
    )
    expect((await answer(1)).result).toEqual({
      isError: true,
      content: [{ type: "text", text: 'There is no run "nope".' }],
      _meta: { "hub/error": { code: "not_found", message: 'There is no run "nope".' } },
    } as never)
    const { content } = (await answer(2)).result as unknown as { content: ReadonlyArray<{ text: string }> }
    expect(content[0]!.text.split("\n").sort()).toEqual([
      "id: unknown key. Known: run_id, wait_seconds.",
      "run_id: is required (a string that is not empty)",
      "wait_seconds: expected an integer from 0 to 60, got 99",
    ])
  })

  test("a cancelled wait ends, and the next call is answered", async () => {
    const { answer, send } = raw()
    await send(opening, call(1, "check_dispatch", { run_id: "slow", wait_seconds: 60 }))
    await send(
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } },
      call(2, "list_agents"),
    )
    expect((await answer(2)).result).toBeDefined()
  })

  test("what a plugin prints goes to stderr, and the caller is known", async () => {
    const { answer, child, send } = raw({ HUB_RUN: "parent-1" })
    await send(opening, call(1, "dispatch", { prompt: "ok" }))
    expect((await answer(1)).result).toBeDefined()
    await child.stdin.end()
    const text = await new Response(child.stderr).text()
    expect(text).toContain("a plugin that prints to stdout")
    expect(text).toContain('"client":"raw 1","patience_seconds":50,"parent_run":"parent-1"')
  })

  test("a client that closes its end gets the answers it asked for, and the server ends with 0", async () => {
    const { answer, child, send } = raw()
    // What takes long the first time is behind it: for the last answers there is a second.
    await send(opening, call(1, "list_agents"))
    expect((await answer(1)).result).toBeDefined()
    await send(call(2, "list_agents"))
    await child.stdin.end()
    expect((await answer(2)).result).toBeDefined()
    expect(await child.exited).toBe(0)
  })

  test("a client that disappears in the middle of a wait ends the server with 0", async () => {
    const { child, next, send } = raw()
    await send(opening)
    await next()
    await send(call(1, "check_dispatch", { run_id: "slow", wait_seconds: 60 }))
    await child.stdin.end()
    expect(await child.exited).toBe(0)
  })

  test("a client that reads no more ends the server with 0", async () => {
    const code = `{ printf '%s\\n' '${JSON.stringify(opening)}'; while :; do printf '%s\\n' '${JSON.stringify(call(1, "list_agents"))}' || exit 0; done; } | { "$0" "$1"; echo "ended $?" >&2; } | head -n 3 >/dev/null`
    const child = Bun.spawn(["sh", "-c", code, process.execPath, program], {
      stdout: "ignore",
      stderr: "pipe",
      stdin: "ignore",
    })
    open.push(child)
    expect(await new Response(child.stderr).text()).toContain("ended 0")
  }, 60_000)
})

const folder = () => mkdtempSync(join(tmpdir(), "hub-mcp-"))

test("the old official client works: tools, calls, resources, prompts, a list that changes", async () => {
  const home = folder()
  const file = join(home, "reload")
  writeFileSync(file, "1")
  const client = new OldClient({ name: "old", version: "1.32.2" })
  const changed = new Promise<void>((resolve) => {
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => resolve())
  })
  await client.connect(
    new OldTransport({ command: process.execPath, args: [program, file], stderr: "ignore" }),
  )
  try {
    expect(client.getInstructions()).toBe(instructions)
    const { tools } = await client.listTools()
    expect(tools.find(({ name }) => name === "cancel_dispatch")).toMatchObject({
      annotations: { readOnlyHint: false, destructiveHint: true },
      inputSchema: { type: "object", required: ["run_id"], additionalProperties: false },
      outputSchema: { type: "object", required: ["run_id"] },
    })
    expect(await client.callTool({ name: "dispatch", arguments: { prompt: "ok" } })).toMatchObject({
      structuredContent: { run_id: "ok", state: "queued" },
    })
    expect(await client.callTool({ name: "check_dispatch", arguments: { run_id: "nope" } })).toMatchObject({
      isError: true,
    })
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toEqual(["acme://all"])
    expect(
      (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    ).toEqual(["acme://notes/{id}"])
    expect((await client.readResource({ uri: "acme://notes/7" })).contents).toEqual([
      { uri: "acme://notes/7", mimeType: "text/plain", text: "note 7" },
    ])
    await expect(client.readResource({ uri: "acme://nothing/at/all" })).rejects.toThrow(
      "acme://nothing/at/all",
    )
    expect((await client.listPrompts()).prompts).toMatchObject([
      { name: "greet", arguments: [{ name: "who", description: "Whom.", required: true }] },
    ])
    expect((await client.getPrompt({ name: "greet", arguments: { who: "Ada" } })).messages).toEqual([
      { role: "user", content: { type: "text", text: "Hello Ada" } },
    ])
    await expect(client.getPrompt({ name: "greet", arguments: {} })).rejects.toThrow(
      "who: is required (a string)",
    )
    writeFileSync(file, "2")
    await changed
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("acme_status")
    expect(await client.callTool({ name: "acme_list", arguments: {} })).toMatchObject({
      content: [{ type: "text", text: '["a","b"]' }],
    })
  } finally {
    await client.close()
    rmSync(home, { recursive: true })
  }
})

test.each([["auto"], [{ pin: "2026-07-28" }]] as const)(
  "the new official client works (%j)",
  async (mode) => {
    const client = new NewClient({ name: "new", version: "2.4.0" }, { versionNegotiation: { mode } } as never)
    await client.connect(new NewTransport({ command: process.execPath, args: [program], stderr: "ignore" }))
    try {
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name)).toContain("dispatch")
      expect(await client.callTool({ name: "list_agents", arguments: {} })).toMatchObject({
        structuredContent: { agents: [{ id: "claude" }, { id: "codex" }] },
      })
      expect(await client.callTool({ name: "check_dispatch", arguments: {} })).toMatchObject({
        isError: true,
      })
      expect((await client.readResource({ uri: "acme://all" })).contents[0]).toMatchObject({ text: "[]" })
    } finally {
      await client.close()
    }
  },
)

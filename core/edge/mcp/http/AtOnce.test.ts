import { expect, test } from "bun:test"
import { Server, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server"
import { AtOnce } from "./AtOnce.ts"
import { EventLog } from "./EventLog.ts"

const protocolVersion = "2025-11-25"

const opening = {
  method: "initialize",
  params: { protocolVersion, capabilities: {}, clientInfo: { name: "test", version: "1" } },
}

/** A server whose tools are answered by `run`, with a session that is open. */
const opened = async (run: (server: Server, id: string | number) => Promise<void>) => {
  const server = new Server({ name: "test", version: "1" }, { capabilities: { tools: {} } })
  server.setRequestHandler("tools/call", async (_, { mcpReq: { id } }) => {
    await run(server, id)
    return { content: [{ type: "text", text: `answer ${id}` }] }
  })
  const streams = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => "s",
    eventStore: new EventLog(),
  })
  const transport = new AtOnce(streams)
  await server.connect(transport)
  const ask = (body: object, headers: Record<string, string> = {}) => {
    const parsedBody = { jsonrpc: "2.0", ...body }
    const request = new Request("http://127.0.0.1/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-session-id": "s",
        "mcp-protocol-version": protocolVersion,
        ...headers,
      },
      body: JSON.stringify(parsedBody),
    })
    return transport.handle(request, { parsedBody })
  }
  const listen = () => {
    const headers = { accept: "text/event-stream", "mcp-session-id": "s" }
    return transport.handle(new Request("http://127.0.0.1/mcp", { headers }), {})
  }
  await (await ask({ id: 0, ...opening })).text()
  return { ask, listen, server, transport }
}

const call = { method: "tools/call", params: { name: "any", arguments: {} } }
const typeOf = ({ headers }: Response) => headers.get("content-type")

/** The messages of a stream, in order. */
const messagesOf = async (response: Response): Promise<ReadonlyArray<unknown>> =>
  [...(await response.text()).matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json!))

const answerOf = (id: number) => ({
  jsonrpc: "2.0",
  id,
  result: { content: [{ type: "text", text: `answer ${id}` }] },
})

const note = (server: Server, id: string | number) =>
  server.notification(
    { method: "notifications/progress", params: { progressToken: "t", progress: 1 } },
    { relatedRequestId: id },
  )

test("an answer that is soon there is one piece of JSON", async () => {
  const { ask } = await opened(async () => undefined)
  const response = await ask({ id: 1, ...call })
  expect(typeOf(response)).toBe("application/json")
  expect(response.headers.get("mcp-session-id")).toBe("s")
  expect(await response.json()).toEqual(answerOf(1))
})

test("what is told before the answer comes before it, on a stream", async () => {
  const { ask } = await opened(note)
  const response = await ask({ id: 1, ...call })
  expect(typeOf(response)).toBe("text/event-stream")
  expect(await messagesOf(response)).toEqual([
    expect.objectContaining({ method: "notifications/progress" }),
    answerOf(1),
  ])
})

test("an answer that takes its time comes on a stream, and is worked on once", async () => {
  const gate = Promise.withResolvers<void>()
  let runs = 0
  const { ask } = await opened(async (server, id) => {
    runs++
    await gate.promise
    await note(server, id)
  })
  const response = await ask({ id: 1, ...call })
  expect(typeOf(response)).toBe("text/event-stream")
  gate.resolve()
  expect(await messagesOf(response)).toHaveLength(2)
  expect(runs).toBe(1)
})

test("whenever it comes, each call has its answer", async () => {
  const { ask } = await opened(async (_, id) => Bun.sleep((Number(id) % 40) / 2))
  const ids = Array.from({ length: 200 }, (_, at) => at + 1)
  const answers = await Promise.all(
    ids.map(async (id) => {
      const response = await ask({ id, ...call })
      return typeOf(response) === "application/json" ? [await response.json()] : messagesOf(response)
    }),
  )
  expect(answers).toEqual(ids.map((id) => [answerOf(id)]))
})

test("what is told unasked before the client listens is told once it does, in its turn", async () => {
  const { listen, server, transport } = await opened(async () => undefined)
  const tell = (n: number) =>
    server.notification({ method: "notifications/tools/list_changed", params: { _meta: { n } } })
  await tell(1)
  await tell(2)
  const stream = await listen()
  await tell(3)
  expect((await listen()).status).toBe(409)
  await tell(4)
  await transport.close()
  expect(await messagesOf(stream)).toMatchObject([1, 2, 3, 4].map((n) => ({ params: { _meta: { n } } })))
})

test("what is not in order is refused in the words of the SDK, and not worked on", async () => {
  let runs = 0
  const { ask } = await opened(async () => void runs++)
  const statusOf = async (headers: Record<string, string>) => (await ask({ id: 1, ...call }, headers)).status
  expect(await statusOf({ accept: "application/json" })).toBe(406)
  expect(await statusOf({ "content-type": "text/plain" })).toBe(415)
  expect(await statusOf({ "mcp-protocol-version": "1999-01-01" })).toBe(400)
  expect(await statusOf({ "mcp-session-id": "another" })).toBe(404)
  expect(runs).toBe(0)
})

test("a call whose session ends meanwhile is refused", async () => {
  const begun = Promise.withResolvers<void>()
  const { ask, transport } = await opened(async () => {
    begun.resolve()
    await new Promise(() => undefined)
  })
  const response = ask({ id: 1, ...call })
  await begun.promise
  await transport.close()
  expect((await response).status).toBe(404)
})

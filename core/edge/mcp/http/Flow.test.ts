import { expect, test } from "bun:test"
import { type Ending, flow, mostUnread } from "./Flow.ts"

const request = (method: string) => new Request("http://127.0.0.1/mcp", { method })

/** A stream that is fed by hand. */
const fed = (type = "text/event-stream") => {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let isCancelled = false
  const body = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: () => void (isCancelled = true),
  })
  return {
    response: new Response(body, { headers: { "content-type": type, "mcp-session-id": "s" } }),
    put: (text: string) => controller?.enqueue(new TextEncoder().encode(text)),
    close: () => controller?.close(),
    isCancelled: () => isCancelled,
  }
}

const ending = () => {
  const { promise, resolve } = Promise.withResolvers<Ending>()
  return { promise, resolve }
}

test("an answer that is soon there comes whole, with its headers", async () => {
  const { close, put, response } = fed()
  const { promise, resolve } = ending()
  put("data: 1\n\n")
  put("data: 2\n\n")
  close()
  const whole = await flow(request("POST"), response, resolve)
  expect(await promise).toBe("told")
  expect(whole.headers.get("mcp-session-id")).toBe("s")
  expect(await whole.text()).toBe("data: 1\n\ndata: 2\n\n")
})

test("a stream begins at once, and goes on with what was there before", async () => {
  const { close, put, response } = fed()
  const { promise, resolve } = ending()
  put("data: 1\n\n")
  const begun = await flow(request("POST"), response, resolve)
  const reader = begun.body!.getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe(": ok\n\n")
  put("data: 2\n\n")
  close()
  let rest = ""
  for (let piece = await reader.read(); !piece.done; piece = await reader.read())
    rest += new TextDecoder().decode(piece.value)
  expect(rest).toBe("data: 1\n\ndata: 2\n\n")
  expect(await promise).toBe("told")
})

test("the stream of a client that does not read is closed, and no more is made of it", async () => {
  const { isCancelled, put, response } = fed()
  const { promise, resolve } = ending()
  const stream = await flow(request("GET"), response, resolve)
  const piece = "x".repeat(100_000)
  for (let bytes = 0; bytes <= 2 * mostUnread; bytes += piece.length) put(piece)
  expect(await promise).toBe("slow")
  expect(isCancelled()).toBe(true)
  expect((await stream.text()).length).toBeLessThanOrEqual(mostUnread + piece.length)
})

test("a client that goes away is told from one that was told all", async () => {
  const { isCancelled, response } = fed()
  const { promise, resolve } = ending()
  const stream = await flow(request("GET"), response, resolve)
  await stream.body!.cancel()
  expect(await promise).toBe("gone")
  expect(isCancelled()).toBe(true)
})

test("nothing is made for a request that is gone already", async () => {
  const { response } = fed()
  const { promise, resolve } = ending()
  await flow(new Request("http://127.0.0.1/", { signal: AbortSignal.abort() }), response, resolve)
  expect(await promise).toBe("gone")
})

test("what is no stream is left as it is", async () => {
  const { promise, resolve } = ending()
  const response = Response.json({ error: 1 })
  expect(await flow(request("POST"), response, resolve)).toBe(response)
  expect(await promise).toBe("told")
})

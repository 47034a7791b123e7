import { expect, test } from "bun:test"
import { type Socket, connect } from "node:net"
import { read } from "./Body.ts"

/** A server whose bodies must be here within `ms`, and a connection to it. */
const reading = (ms: number) => {
  const found = Promise.withResolvers<unknown>()
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const body = await read(request, ms)
      found.resolve(body)
      return body instanceof Response ? body : new Response("ok")
    },
  })
  const socket: Socket = connect(server.port!, "127.0.0.1")
  let told = ""
  socket.on("data", (piece) => (told += String(piece)))
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()))
  return {
    socket,
    body: found.promise,
    closed,
    told: () => told,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

const head = "POST / HTTP/1.1\r\nHost: localhost\r\n"

test("a body that never comes whole is answered and cut off, with its length told or not", async () => {
  for (const length of ["Content-Length: 100\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"]) {
    await using server = reading(50)
    server.socket.write(head + length)
    await server.closed
    expect(server.told()).toStartWith("HTTP/1.1 408")
    expect(server.told()).toContain("The body was not here within 0.05 seconds.")
  }
})

test("a body in pieces is put together", async () => {
  await using server = reading(20_000)
  server.socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`)
  server.socket.write("2\r\nde\r\n0\r\n\r\n")
  expect(await server.body).toEqual(new TextEncoder().encode("abcde"))
  server.socket.destroy()
})

import { afterEach, expect, test } from "bun:test"
import { LoggingMessageNotificationSchema } from "@modelcontextprotocol/sdk/types.js"
import { Effect, Schema } from "effect"
import { catalogueOf, closeAll, hubOf, oldClient, rawClient } from "../fixtures/linked.ts"
import { operation } from "../fixtures/works.ts"
import type { Content } from "../../plugin/Content.ts"
import type { Talk } from "../../plugin/Talk.ts"

afterEach(closeAll)

const speaks = operation({
  name: "speaks",
  run: (_, __, talk: Talk) =>
    Effect.gen(function* () {
      for (const done of [0, 50, 50, 20, 100])
        yield* talk.progress({ done, total: 100, message: `at ${done}` })
      yield* talk.log("info", { said: 1 })
      yield* talk.log("error", "loud")
      return "done"
    }),
})

const hub = () => hubOf(catalogueOf({ list: [speaks] }))

test("progress grows, and comes before the answer", async () => {
  const client = await oldClient(hub())
  const seen: Array<unknown> = []
  await client.callTool({ name: "speaks", arguments: {} }, undefined, { onprogress: (one) => seen.push(one) })
  expect(seen).toEqual([0, 50, 100].map((progress) => ({ progress, total: 100, message: `at ${progress}` })))
})

test("a call without a progress token hears no progress", async () => {
  const client = await rawClient(hub())
  await client.ask("tools/call", { name: "speaks", arguments: {} })
  expect(client.told).toEqual([])
  await client.ask("tools/call", { name: "speaks", arguments: {}, _meta: { progressToken: "t" } })
  expect(client.told.map(({ params }) => [params.progressToken, params.progress])).toEqual([
    ["t", 0],
    ["t", 50],
    ["t", 100],
  ])
})

test("log lines come from the level on that the client set", async () => {
  const heard: Array<unknown> = []
  const client = await oldClient(hub(), {}, (one) =>
    one.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void heard.push(params)),
  )
  await client.setLoggingLevel("warning")
  await client.callTool({ name: "speaks", arguments: {} })
  expect(heard).toEqual([{ level: "error", data: "loud", logger: "speaks" }])
  await client.setLoggingLevel("debug")
  await client.callTool({ name: "speaks", arguments: {} })
  expect(heard.length).toBe(3)
})

test("in the newest era the level stands in the request", async () => {
  const client = await rawClient(hub())
  const _meta = { "io.modelcontextprotocol/logLevel": "info" }
  await client.ask("tools/call", { name: "speaks", arguments: {}, _meta })
  expect(client.told.map(({ params }) => params.level)).toEqual(["info", "error"])
})

test("rich content reaches the client as it is", async () => {
  const all: ReadonlyArray<Content> = [
    { kind: "text", text: "t" },
    { kind: "image", data: "aQ==", mime: "image/png" },
    { kind: "audio", data: "aQ==", mime: "audio/wav" },
    { kind: "resource", resource: { uri: "a://b", mime: "text/plain", text: "x" } },
    { kind: "link", uri: "a://c", name: "c", mime: "text/plain" },
    { kind: "link", uri: "a://d", name: "d" },
  ]
  const shows = operation({
    name: "shows",
    output: Schema.Struct({ n: Schema.Int }),
    content: () => all,
    run: () => Effect.succeed({ n: 1 }),
  })
  const client = await oldClient(hubOf(catalogueOf({ list: [shows] })))
  expect(await client.callTool({ name: "shows", arguments: {} })).toEqual({
    structuredContent: { n: 1 },
    content: [
      { type: "text", text: "t" },
      { type: "image", data: "aQ==", mimeType: "image/png" },
      { type: "audio", data: "aQ==", mimeType: "audio/wav" },
      { type: "resource", resource: { uri: "a://b", mimeType: "text/plain", text: "x" } },
      { type: "resource_link", uri: "a://c", name: "c", mimeType: "text/plain" },
      { type: "resource_link", uri: "a://d", name: "d" },
    ],
  })
})

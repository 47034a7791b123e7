import { afterEach, expect, test } from "bun:test"
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js"
import { Deferred, Effect } from "effect"
import type { Caller, Scope } from "../../plugin/Operation.ts"
import { catalogueOf, closeAll, hubOf, newClient, oldClient, rawClient } from "../fixtures/linked.ts"
import { operation } from "../fixtures/works.ts"

afterEach(closeAll)

const who = () => {
  const seen: Array<Caller> = []
  const run = (_: unknown, caller: Caller) => Effect.sync(() => void seen.push(caller))
  const scoped = (name: string, scope: Scope, more: object = {}) => ({
    ...operation({ name, run, ...more }),
    scope,
  })
  const list = [
    scoped("look", "read"),
    scoped("start", "dispatch"),
    scoped("rule", "admin"),
    scoped("terminal_only", "read", { doors: ["cli"] }),
  ]
  return { seen, list, hub: hubOf(catalogueOf({ list })), scoped }
}

const names = ({ tools }: { tools: ReadonlyArray<{ name: string }> }) => tools.map(({ name }) => name)

test("a caller is shown the tools that it may call, and told what the others need", async () => {
  const { hub } = who()
  const reader = await oldClient(hub, { facts: { scopes: ["read"], token: "ci" } })
  expect(names(await reader.listTools())).toEqual(["look"])
  expect(names(await (await oldClient(hub)).listTools())).toEqual(["look", "start", "rule"])
  expect(names(await (await newClient(hub, { facts: { scopes: ["dispatch"] } })).listTools())).toEqual([
    "look",
    "start",
  ])
  expect(await reader.callTool({ name: "rule", arguments: {} })).toMatchObject({
    isError: true,
    content: [{ text: 'rule needs the scope admin. The token "ci" has read.' }, {}],
    _meta: { "hub/error": { code: "denied", details: { scope: "admin" } } },
  })
  await expect(reader.callTool({ name: "terminal_only", arguments: {} })).rejects.toThrow(
    '-32602: There is no tool "terminal_only". Known: look.',
  )
})

test("an operation knows the client, how long it waits, and the key of the call", async () => {
  const { hub, seen } = who()
  const client = await oldClient(hub, {
    name: "gemini-cli-mcp-client",
    facts: { cwd: "/w", parent_run: "p" },
  })
  await client.callTool({ name: "look", arguments: {} })
  await client.callTool({ name: "look", arguments: {}, _meta: { "hub/call_key": "mine" } })
  await client.callTool({ name: "look", arguments: {}, _meta: { "hub/call_key": "x".repeat(201) } })
  expect(seen[0]).toMatchObject({
    door: "mcp",
    client: "gemini-cli-mcp-client 1",
    patience_seconds: 540,
    cwd: "/w",
    parent_run: "p",
  })
  expect(seen.map(({ call_key }) => call_key)).toEqual([undefined, "mine", undefined])
  const modern = await rawClient(hub, {}, { token: "ci" })
  await modern.ask("tools/call", { name: "look", arguments: {}, _meta: { "hub/call_key": "mine" } })
  expect(seen[3]).toEqual({
    door: "mcp",
    client: "raw 1",
    patience_seconds: 50,
    token: "ci",
    call_key: "ci/mine",
  })
})

test("a list that stays the same for its caller is not told of", async () => {
  const { hub, list, scoped } = who()
  const connect = async (scopes: ReadonlyArray<Scope>) => {
    const told = { count: 0, next: Promise.withResolvers<void>() }
    const client = await oldClient(hub, { facts: { scopes } }, (one) =>
      one.setNotificationHandler(ToolListChangedNotificationSchema, () => {
        told.count++
        told.next.resolve()
        told.next = Promise.withResolvers()
      }),
    )
    await client.listTools()
    return { client, told }
  }
  const [reader, admin] = [await connect(["read"]), await connect(["admin"])]
  const forAdmin = admin.told.next.promise
  hub.change(catalogueOf({ list: [...list, scoped("rule_more", "admin")] }))
  await forAdmin
  await reader.client.listTools()
  const forReader = reader.told.next.promise
  hub.change(catalogueOf({ list: [...list, scoped("look_more", "read")] }))
  await forReader
  expect(reader.told.count).toBe(1)
})

test("a cancelled call ends where it waits", async () => {
  const begun = Deferred.makeUnsafe<void>()
  const ended = Deferred.makeUnsafe<void>()
  const waits = operation({
    name: "waits",
    run: () =>
      Effect.andThen(Deferred.succeed(begun, undefined), Effect.never).pipe(
        Effect.onInterrupt(() => Deferred.succeed(ended, undefined)),
      ),
  })
  const client = await oldClient(hubOf(catalogueOf({ list: [waits] })))
  const stop = new AbortController()
  const call = client.callTool({ name: "waits", arguments: {} }, undefined, { signal: stop.signal })
  await Effect.runPromise(Deferred.await(begun))
  stop.abort()
  await expect(call).rejects.toThrow()
  await Effect.runPromise(Deferred.await(ended))
})

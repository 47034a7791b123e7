/** A client that speaks badly, while work goes on: each line gets its answer, and nothing else suffers. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { ensureBuilt } from "../../bin/binary.ts"
import { agent, type Home, makeHome, Server, until } from "../support/hub.ts"

let home: Home

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({ "hub/plugins.toml": agent("gated", "while [ ! -e open ]; do sleep 0.05; done; cat") })
}, 120_000)

afterAll(() => home.remove())

test("broken JSON, unknown methods and tools, wrong arguments, too much: answered, and the run goes on", async () => {
  const server = new Server(home)
  await server.initialize()
  const { run_id } = await server.tool<{ run_id: string }>("dispatch", {
    agent: "gated",
    cwd: home.path,
    prompt: "through it all",
  })
  for (const line of [
    "{broken",
    "\u0000\u0001\u0002",
    '"text"',
    "[]",
    '{"jsonrpc":"1.0"}',
    "{".repeat(100_000),
  ])
    server.send(line)
  await until("an answer to each line", () => server.complaints.length === 6 || undefined)
  expect(server.complaints.toSorted()).toEqual([-32600, -32600, -32600, -32700, -32700, -32700])
  expect((await server.request("no/such")).error?.code).toBe(-32601)
  const unknown = await server.request("tools/call", { name: "no_such", arguments: {} })
  expect(unknown.error?.message).toContain('There is no tool "no_such". Known: ')
  const refusals: ReadonlyArray<readonly [name: string, args: unknown, said: string | RegExp]> = [
    ["dispatch", {}, "prompt"],
    ["dispatch", { prompt: "x", cwd: "relative", agent: "gated" }, "absolute"],
    ["dispatch", { prompt: "x", cwd: home.path, agent: "nobody" }, /no agent ..?nobody..?\. Known: gated\./],
    ["dispatch", { prompt: "x", cwd: home.path, agnt: "gated" }, "agnt"],
    ["dispatch", { prompt: "x", cwd: path.join(home.path, "no"), agent: "gated" }, "there is no such folder"],
    ["check_dispatch", { run_id: "zzzzzz" }, /no run ..?zzzzzz/],
    ["check_dispatch", { run_id, wait_seconds: 601 }, "600"],
    ["run_events", { run_id, limit: 0 }, "limit"],
  ]
  for (const [name, args, said] of refusals) await expect(server.tool(name, args)).rejects.toThrow(said)
  const much = await server.request("tools/call", {
    name: "dispatch",
    arguments: { prompt: "x".repeat(21_000_000) },
  })
  expect(much.error).toMatchObject({ code: -32600, message: expect.stringContaining("20.1 MB") })
  fs.writeFileSync(path.join(home.path, "open"), "")
  expect(await server.tool("check_dispatch", { run_id, wait_seconds: 30 })).toMatchObject({
    state: "succeeded",
    answer: "through it all",
  })
  expect(await server.tool("list_dispatches", {})).toMatchObject({ runs: [{ run_id }] })
  expect(server.stderr).toBe("")
  expect(await server.close()).toBe(0)
})

test("a client that leaves in the middle of a line ends the hub cleanly", async () => {
  const server = new Server(home)
  await server.initialize()
  void server.child.stdin.write('{"jsonrpc":"2.0","id":5,"method":"tools/ca')
  expect(await server.close()).toBe(0)
  expect(server.stderr).toBe("")
})

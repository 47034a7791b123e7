/** What a plugin contributes is the same wherever it runs: inside the hub, in a worker, in a process. Against a compiled program. */
/* oxlint-disable typescript/no-explicit-any -- answers are JSON */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { compile, type Hub, remove, start, temp, write } from "./binary.ts"

let folder = ""
let binary = ""
beforeAll(async () => {
  folder = temp("carried")
  binary = await compile(folder)
}, 120_000)
afterAll(() => remove(folder))

const talker = readFileSync(join(import.meta.dir, "fixtures/talker.ts"), "utf8")

describe.each(["none", "worker", "process"])("a plugin with isolation = %p", (isolation) => {
  let home = ""
  let hub: Hub
  beforeAll(async () => {
    home = temp("talker")
    write(home, {
      "talker.ts": talker,
      "plugins.toml": `[plugin.talker]\nuse = "./talker.ts"\nisolation = "${isolation}"\n`,
    })
    hub = start(binary, home)
    expect(await hub.state("talker")).toMatchObject({ state: "ready" })
  })
  afterAll(async () => {
    await hub.stop()
    remove(home)
  })

  const ok = async (what: string, id: string, given?: unknown) => {
    const answer = await hub.ask(what, id, given)
    expect(answer.failed).toBeUndefined()
    return answer.ok
  }
  const work = (input: object, replies?: object) => hub.ask("call", "talk_work", { input, replies })

  test("says how far it is, all of it before the answer", async () => {
    const said = (await work({ steps: 40, ask: false })).ok
    expect(said.answered.output).toEqual({ name: null })
    expect(said.said).toHaveLength(41)
    expect(said.said.slice(0, 40)).toEqual(
      Array.from({ length: 40 }, (_, index) => ({
        done: index + 1,
        total: 40,
        message: `step ${index + 1}`,
      })),
    )
    expect(said.said[40]).toEqual(["warning", { deep: [40] }])
  })

  test("asks: the questions are the failure, and the replies come with the next call", async () => {
    const { failed } = await work({ steps: 0, ask: true })
    expect(failed).toMatchObject({
      code: "input_required",
      details: { questions: { who: { kind: "form", message: "Who?", schema: { type: "object" } } } },
    })
    const { ok } = await work({ steps: 0, ask: true }, { who: { action: "accept", content: { a: 1 } } })
    expect(ok.answered.output).toEqual({ name: { action: "accept", content: { a: 1 } } })
  })

  test("shows its output as it wants", async () => {
    const { answered } = await ok("call", "talk_show", { input: { text: "hi" } })
    expect(answered).toEqual({
      output: "hi",
      text: "printed hi",
      content: [
        { kind: "text", text: "hi" },
        { kind: "image", data: "aGk=", mime: "image/png" },
        { kind: "link", uri: "talk://blob", name: "hi" },
      ],
    })
    expect((await hub.ask("call", "talk_breaks", { input: {} })).failed).toMatchObject({ code: "internal" })
  })

  test("tells the facts of its operations", async () => {
    const { contributions } = await ok("info", "talker")
    expect(contributions).toContainEqual({
      kind: "operation",
      id: "talk_work",
      summary: "Says how far it is, and asks.",
      operation: {
        readonly: false,
        destructive: false,
        idempotent: true,
        scope: "admin",
        doors: ["cli", "mcp"],
      },
    })
    expect(contributions).toContainEqual({
      kind: "route",
      id: "POST /echo/:name",
      summary: "Gives back what it got.",
    })
  })

  test("is read: a text, and bytes for whoever replies", async () => {
    expect(await ok("resource", "talk://items/{id}", { variables: { id: "a" } })).toMatchObject({
      title: "An item",
      answered: expect.stringMatching(/^a \d+$/),
    })
    expect((await hub.ask("resource", "talk://blob", {})).failed).toMatchObject({ code: "input_required" })
    expect(await ok("resource", "talk://blob", { replies: { where: { roots: [] } } })).toMatchObject({
      answered: { blob: "aGk=" },
    })
  })

  test("tells of changes for as long as somebody listens", async () => {
    const change = (by: number) => ok("operation", "talk_change", { by })
    const listening = ok("changes", "talk://items/{id}", { variables: { id: "a" }, take: 3 })
    const isTold = () => Promise.race([listening.then(() => true), change(1).then(() => false)])
    while (!(await isTold()));
    expect(await listening).toBe(3)
    // The end of the listener is the end of the plugin's stream.
    let now = await change(0)
    while (now.following > 0) now = await change(0)
    const last = ok("changes", "talk://items/{id}", { variables: { id: "a" }, take: 100 })
    while ((now = await change(0)).following === 0);
    await change(1_000_000)
    expect(await last).toBeLessThan(100)
    await change(-now.version - 1_000_000)
  })

  test("has no more changes when they break, and shows why", async () => {
    expect(await ok("changes", "talk://items/{id}", { variables: { id: "broken" }, take: 3 })).toBe(0)
    const state = await hub.state("talker", ({ failure }) => /changes that break/.test(failure?.detail ?? ""))
    expect(state).toMatchObject({ state: "ready", failure: { phase: "call" } })
  })

  test("completes", async () => {
    expect(await ok("completion", "talk://items/{id}", { name: "id", typed: "x" })).toEqual(["id x"])
    expect(
      await ok("completion", "talk_prompt", { name: "topic", typed: "m", others: { other: "o" } }),
    ).toEqual(["topic m o", "much"])
  })

  test("renders a prompt as a text, or as messages", async () => {
    expect(await ok("prompt", "talk_prompt", { topic: "less" })).toMatchObject({
      title: "Talk",
      answered: "about less",
    })
    expect((await ok("prompt", "talk_prompt", { topic: "much" })).answered).toEqual([
      { role: "user", content: { kind: "text", text: "look" } },
      {
        role: "assistant",
        content: { kind: "resource", resource: { uri: "talk://blob", mime: "x/y", blob: "aGk=" } },
      },
    ])
  })

  const request = (route: string, given: object = {}) =>
    ok("route", route, { url: "http://hub/x/talker/some?q=1", params: {}, init: {}, ...given })

  test("answers a request, byte for byte", async () => {
    const bytes = [...new TextEncoder().encode("ünï\u0000"), 0x0a]
    const answer = await request("POST /echo/:name", {
      bytes,
      params: { name: "a b" },
      init: { method: "POST", headers: { "x-sent": "yes" } },
    })
    expect(answer).toMatchObject({ status: 201, body: "ünï\u0000\n" })
    const headers = answer.headers as ReadonlyArray<[string, string]>
    expect(headers).toContainEqual(["x-seen", "yes"])
    expect(headers.filter(([name]) => name === "set-cookie").map(([, value]) => value)).toEqual([
      "a=1",
      "b=2",
    ])
    expect(JSON.parse(headers.find(([name]) => name === "x-from")?.[1] ?? "")).toEqual([
      "test",
      { name: "a b" },
      "?q=1",
    ])
    expect(await request("GET /empty")).toMatchObject({ status: 204, body: "" })
  })

  test("that breaks in a route says nothing of it to strangers", async () => {
    const answer = await request("GET /broken")
    expect(answer).toMatchObject({ status: 500 })
    expect(answer.body).not.toContain("a broken route")
  })

  if (isolation !== "none")
    test("answers no more than crosses, and gets no more", async () => {
      expect(await request("GET /large")).toMatchObject({ status: 500 })
      const state = await hub.state("talker", ({ failure }) => /more than 10 MB/.test(failure?.detail ?? ""))
      expect(state).toMatchObject({ state: "ready" })
      const body = "x".repeat(10 * 1024 * 1024 + 1)
      const given = { params: { name: "a" }, init: { method: "POST", body } }
      const answer = await request("POST /echo/:name", given)
      expect(answer).toMatchObject({ status: 413, body: expect.stringMatching(/larger than 10 MB/) })
      const most = await request("POST /echo/:name", {
        ...given,
        init: { method: "POST", body: body.slice(1) },
      })
      expect(most.status).toBe(201)
      expect(most.body).toHaveLength(10 * 1024 * 1024)
    })
})

import { afterEach, describe, expect, test } from "bun:test"
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js"
import { Effect, Schema } from "effect"
import { catalogueOf, closeAll, hubOf, newClient, oldClient, rawClient } from "../fixtures/linked.ts"
import { operation } from "../fixtures/works.ts"
import type { Question, Talk } from "../../plugin/Talk.ts"

afterEach(closeAll)

const form = (message: string): Question => ({
  kind: "form",
  message,
  schema: { type: "object", properties: { name: { type: "string" } } },
})

const asks = (name: string, ...rounds: ReadonlyArray<Record<string, Question>>) =>
  operation({
    name,
    run: (_, __, talk: Talk) =>
      Effect.gen(function* () {
        let all = {}
        for (const round of rounds) all = { ...all, ...(yield* talk.ask(round)) }
        return all
      }),
  })

const everyKind: Record<string, Question> = {
  who: form("Who?"),
  page: { kind: "url", message: "Look.", url: "https://example.org/x", id: "e1" },
  words: { kind: "model", prompt: "Say.", max_tokens: 5, system: "Be brief." },
  where: { kind: "roots" },
}
const either = operation({
  name: "either",
  run: (_, __, talk: Talk) =>
    Effect.catchIf(
      talk.ask({ who: form("Who?") }) as ReturnType<Talk["ask"]>,
      ({ code }) => code === "unavailable",
      () => talk.ask({ where: { kind: "roots" } }),
    ),
})

const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} }

const catalogue = catalogueOf({
  list: [
    asks("asks", everyKind),
    asks("twice", { first: form("First?") }, { second: form("Second?") }),
    either,
    asks("other", { first: form("Other?") }, { second: form("Second?") }),
  ],
  resources: [
    {
      plugin: "fixture",
      summary: "",
      uri: "asks://it",
      name: "it",
      title: undefined,
      mime: "text/plain",
      changes: undefined,
      complete: undefined,
      read: (_, __, talk) => Effect.map(talk.ask({ who: form("Who?") }), ({ who }) => JSON.stringify(who)),
    },
  ],
  prompts: [
    {
      plugin: "fixture",
      summary: "",
      name: "asking",
      title: undefined,
      arguments: Schema.Struct({}) as never,
      complete: undefined,
      render: (_, talk) => Effect.map(talk.ask({ who: form("Who?") }), ({ who }) => JSON.stringify(who)),
    },
  ],
})
const hub = () => hubOf(catalogue)

const accept = { action: "accept", content: { name: "Ada" } }
const message = { role: "assistant", model: "m", content: { type: "text", text: "hi" } }
const roots = { roots: [{ uri: "file:///a", name: "a" }] }
const all = { who: accept, page: { action: "accept" }, words: message, where: roots }

const given = (result: unknown) => JSON.parse((result as { content: [{ text: string }] }).content[0].text)

test("an operation may ask something else when its client cannot be asked that", async () => {
  const client = await oldClient(hub(), { capabilities: { roots: {} } }, (one) =>
    one.setRequestHandler(ListRootsRequestSchema, () => roots),
  )
  expect(given(await client.callTool({ name: "either", arguments: {} }))).toEqual({ where: roots })
  const modern = await rawClient(hub(), { elicitation: {} })
  const { result } = await modern.ask("tools/call", { name: "either", arguments: {} })
  expect(Object.keys(result.inputRequests)).toEqual(["who"])
})

describe("up to 2025-11-25", () => {
  test("questions are requests to the client, of every kind", async () => {
    const asked: Array<unknown> = []
    const client = await oldClient(hub(), { capabilities }, (one) => {
      one.setRequestHandler(ElicitRequestSchema, ({ params }) => {
        asked.push(params)
        return (params.mode === "url" ? { action: "accept" } : accept) as never
      })
      one.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
        asked.push(params)
        return message as never
      })
      one.setRequestHandler(ListRootsRequestSchema, () => roots)
    })
    expect(given(await client.callTool({ name: "asks", arguments: {} }))).toMatchObject(all)
    expect(asked).toMatchObject([
      { message: "Who?", requestedSchema: { type: "object" } },
      { mode: "url", url: "https://example.org/x", elicitationId: "e1" },
      { messages: [{ role: "user", content: { text: "Say." } }], maxTokens: 5, systemPrompt: "Be brief." },
    ])
  })

  test("what was replied first is still known in the second round", async () => {
    const client = await oldClient(hub(), { capabilities }, (one) =>
      one.setRequestHandler(
        ElicitRequestSchema,
        ({ params }) => ({ action: "accept", content: { name: params.message } }) as never,
      ),
    )
    expect(given(await client.callTool({ name: "twice", arguments: {} }))).toEqual({
      first: { action: "accept", content: { name: "First?" } },
      second: { action: "accept", content: { name: "Second?" } },
    })
  })

  test("prompts and resources may ask too", async () => {
    const client = await oldClient(hub(), { capabilities }, (one) =>
      one.setRequestHandler(ElicitRequestSchema, () => accept as never),
    )
    expect((await client.readResource({ uri: "asks://it" })).contents).toMatchObject([
      { text: JSON.stringify(accept) },
    ])
    expect((await client.getPrompt({ name: "asking" })).messages).toMatchObject([
      { content: { text: JSON.stringify(accept) } },
    ])
  })

  test("a client that cannot be asked is told so", async () => {
    const client = await oldClient(hub())
    expect(await client.callTool({ name: "twice", arguments: {} })).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining("first") }],
    })
  })
})

describe("2026-07-28", () => {
  const call = (name: string, more: object = {}) => ({ name, arguments: {}, ...more })

  test("the new client replies by itself, round after round", async () => {
    const client = await newClient(hub(), { capabilities }, (one) =>
      one.setRequestHandler(
        "elicitation/create",
        ({ params }) => ({ action: "accept", content: { name: params.message } }) as never,
      ),
    )
    expect(given(await client.callTool({ name: "twice", arguments: {} }))).toMatchObject({
      first: { content: { name: "First?" } },
      second: { content: { name: "Second?" } },
    })
  })

  test("questions of every kind stand in the answer", async () => {
    const client = await rawClient(hub(), capabilities)
    const { result } = await client.ask("tools/call", call("asks"))
    expect(result).toMatchObject({
      resultType: "input_required",
      inputRequests: {
        who: { method: "elicitation/create", params: { message: "Who?" } },
        page: { method: "elicitation/create", params: { mode: "url", url: "https://example.org/x" } },
        words: { method: "sampling/createMessage", params: { maxTokens: 5 } },
        where: { method: "roots/list" },
      },
    })
    expect(result.inputRequests.page.params).not.toHaveProperty("elicitationId")
    const done = await client.ask(
      "tools/call",
      call("asks", { inputResponses: all, requestState: result.requestState }),
    )
    expect(given(done.result)).toEqual(all)
  })

  test("a reply of another kind is asked for again, and the fitting ones are kept", async () => {
    const client = await rawClient(hub(), capabilities)
    const inputResponses = { ...all, where: { action: "accept" }, words: roots }
    const { result } = await client.ask("tools/call", call("asks", { inputResponses }))
    expect(Object.keys(result.inputRequests)).toEqual(["words", "where"])
    const rest = { inputResponses: { words: message, where: roots }, requestState: result.requestState }
    expect(given((await client.ask("tools/call", call("asks", rest))).result)).toEqual(all)
  })

  test("a state that was changed, or is another call's, is refused", async () => {
    const client = await rawClient(hub(), capabilities)
    const inputResponses = { first: accept }
    const first = (await client.ask("tools/call", call("twice"))).result.requestState as string
    const asked = await client.ask("tools/call", call("twice", { inputResponses, requestState: first }))
    const { requestState } = asked.result
    const [version, body, mac] = requestState.split(".") as [string, string, string]
    const forged = JSON.parse(atob(body))
    forged.p.replies.second = accept
    const changed = [version, btoa(JSON.stringify(forged)).replace(/=+$/, ""), mac].join(".")
    for (const wrong of [changed, `${requestState}x`, "nonsense", 5])
      expect(
        (await client.ask("tools/call", call("twice", { inputResponses, requestState: wrong }))).error?.code,
      ).toBe(-32602)
    const other = await client.ask("tools/call", call("other", { inputResponses, requestState }))
    expect(other.error).toMatchObject({ code: -32602, message: "The request state belongs to twice." })
    const prompt = await client.ask("prompts/get", { name: "asking", inputResponses, requestState })
    expect(prompt.error?.code).toBe(-32602)
  })

  test("a client without the capability is told which it is", async () => {
    const client = await rawClient(hub())
    expect((await client.ask("tools/call", call("twice"))).error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: {} } },
    })
  })

  test("prompts and resources ask in the same way", async () => {
    const client = await rawClient(hub(), capabilities)
    for (const [method, params] of [
      ["resources/read", { uri: "asks://it" }],
      ["prompts/get", { name: "asking" }],
    ] as const) {
      const { result } = await client.ask(method, params)
      expect(Object.keys(result.inputRequests)).toEqual(["who"])
      const { requestState } = result
      const done = await client.ask(method, { ...params, inputResponses: { who: accept }, requestState })
      expect(JSON.stringify(done.result)).toContain("Ada")
    }
  })
})

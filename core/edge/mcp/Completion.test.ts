import { afterEach, expect, test } from "bun:test"
import { Effect, Schema } from "effect"
import * as fc from "fast-check"
import type { PromptHandle, ResourceHandle } from "../../plugin/Catalogue.ts"
import { catalogueOf, closeAll, hubOf, newClient, oldClient } from "../fixtures/linked.ts"
import { near } from "./Completion.ts"

afterEach(closeAll)

const prompt = (given: Partial<PromptHandle>): PromptHandle => ({
  plugin: "fixture",
  summary: "",
  name: "greet",
  title: undefined,
  arguments: Schema.Struct({
    tone: Schema.Literals(["friendly", "formal", "unfriendly"]),
    who: Schema.String,
  }) as never,
  render: () => Effect.succeed(""),
  complete: undefined,
  ...given,
})

const resource: ResourceHandle = {
  plugin: "fixture",
  summary: "",
  uri: "notes://{id}",
  name: "notes",
  title: undefined,
  mime: "text/plain",
  read: () => Effect.succeed(""),
  changes: undefined,
  complete: (variable, typed) => Effect.succeed([`${variable}-${typed}`]),
}

const many = prompt({
  name: "many",
  complete: (argument, typed, others) =>
    Effect.succeed(
      argument === "tone"
        ? Array.from({ length: 150 }, (_, index) => `${typed}${index}`)
        : [JSON.stringify(others)],
    ),
})
const hub = () => hubOf(catalogueOf({ prompts: [prompt({}), many], resources: [resource] }))
const ofPrompt = (name: string, argument: string, value: string, context: object = {}) => ({
  ref: { type: "ref/prompt" as const, name },
  argument: { name: argument, value },
  ...context,
})

test("the words that an argument may be are completed without the plugin's help", async () => {
  const client = await oldClient(hub())
  expect((await client.complete(ofPrompt("greet", "tone", "f"))).completion).toEqual({
    values: ["friendly", "formal", "unfriendly"],
    total: 3,
    hasMore: false,
  })
  expect((await client.complete(ofPrompt("greet", "tone", "frm"))).completion.values).toEqual(["formal"])
  expect((await client.complete(ofPrompt("greet", "who", "A"))).completion.values).toEqual([])
})

test("a plugin completes what only it knows, with the arguments that are there", async () => {
  const client = await newClient(hub())
  const context = { context: { arguments: { tone: "formal" } } }
  expect((await client.complete(ofPrompt("many", "who", "A", context))).completion.values).toEqual([
    '{"tone":"formal"}',
  ])
  const { completion } = await client.complete(ofPrompt("many", "tone", "x"))
  expect([completion.values.length, completion.total, completion.hasMore]).toEqual([100, 150, true])
  expect(completion.values[0]).toBe("x0")
  const ref = { type: "ref/resource" as const, uri: "notes://{id}" }
  expect((await client.complete({ ref, argument: { name: "id", value: "7" } })).completion.values).toEqual([
    "id-7",
  ])
})

test("what is not there is named, and what is there instead", async () => {
  const client = await oldClient(hub())
  await expect(client.complete(ofPrompt("gret", "tone", ""))).rejects.toThrow(
    '-32602: There is no prompt "gret". Did you mean greet?',
  )
  await expect(client.complete(ofPrompt("greet", "whom", ""))).rejects.toThrow("Did you mean who?")
  const ref = { type: "ref/resource" as const, uri: "nothing://{id}" }
  await expect(client.complete({ ref, argument: { name: "id", value: "" } })).rejects.toThrow("notes://{id}")
})

test("whatever is typed, only names come back, each once, and a name itself comes first", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), fc.string(), (names, typed) => {
      const found = near(typed, names)
      expect(new Set(found).size).toBe(found.length)
      for (const name of found) expect(names).toContain(name)
      for (const name of names)
        expect(near(name, names)[0]?.toLowerCase().startsWith(name.toLowerCase())).toBe(true)
    }),
  )
})

import { describe, expect, test } from "bun:test"
import { Exit, Schema } from "effect"
import { Config } from "./Config.ts"

const problems = (given: object): string => {
  const exit = Schema.decodeUnknownExit(Config)(given, { errors: "all", onExcessProperty: "error" })
  return Exit.isSuccess(exit) ? "" : String(exit.cause)
}

const event = { when: { type: "message" }, as: "agent_message", take: { text: "text" } }

test("a program alone is enough", () => {
  expect(problems({ program: "true" })).toBe("")
})

describe("refuses what could not work, with the way out", () => {
  test.each([
    [{ args: ["{{ promt }}"] }, 'no variable "promt". Known: prompt, prompt_file'],
    [{ args: ["{{ model"] }, "never closed"],
    [{ args: [["-s", "{{ permission }}"]] }, "must stand alone"],
    [{ args: [[]] }, "args"],
    [{ prompt: "argument" }, 'lacks "{{ prompt }}"'],
    [{ prompt: "file", args: ["x"] }, 'lacks "{{ prompt_file }}"'],
    [{ prompt: "stdin", args: ["{{ prompt }}"] }, "{{ prompt }} never has a value"],
    [{ env: { TASK: "{{ prompt_file }}" } }, "{{ prompt_file }} never has a value"],
    [{ permission: { auto: ["-y"] } }, 'lacks "{{ permission }}"'],
    [{ args: ["{{ permission }}"] }, "is empty, and args has {{ permission }}"],
    [{ model: "opus" }, "never handed over"],
    [{ event: [event] }, 'no meaning for output = "text"'],
    [{ output: "json" }, "say which object"],
    [{ output: "json", event: [{ ...event, take: {} }] }, 'take = { text = "path.in.the.object" }'],
    [{ output: "json", event: [{ ...event, as: "answer", take: {} }] }, "answer needs text or data"],
    [{ output: "json", event: [{ ...event, as: "shout" }] }, "as"],
    [{ output: "json", event: [{ ...event, when: {} }] }, "say what the object must hold"],
    [{ output: "json", event: [{ ...event, when: { a: { b: [{}] } } }] }, "a: b must be a text"],
    [{ failure: [{ class: "auth" }] }, "give it exit, matches or when"],
    [{ failure: [{ class: "auth", matches: "(" }] }, "matches"],
    [{ failure: [{ class: "auth", matches: "" }] }, "every line would match"],
    [{ failure: [{ class: "auth", exit: 1, retry_after: "(" }] }, "retry_after"],
    [{ failure: [{ class: "auth", exit: 1, retry_after: "soon" }] }, "needs a group"],
    [{ failure: [{ class: "auth", exit: 1, early: true }] }, "no exit status"],
    [{ failure: [{ class: "auth", exit: 256 }] }, "exit"],
    [{ failure: [{ class: "tired", exit: 1 }] }, "class"],
    [{ failure: [{ class: "auth", exit: 1, message: "a.b" }] }, "give it when"],
    [{ failure: [{ class: "auth", when: { type: "x" } }] }, "needs output ="],
    [{ answer_max_bytes: 0 }, "answer_max_bytes"],
    [{ id: "My Agent" }, "id"],
    [{ arguments: [] }, "arguments"],
  ])("%j", (given, sentence) => {
    expect(problems({ program: "x", ...given })).toContain(sentence)
  })

  test("all at once", () => {
    const found = problems({ args: ["{{ nope }}"], prompt: "mail", colour: "red" })
    for (const one of ["program", "nope", "prompt", "colour"]) expect(found).toContain(one)
  })
})

test("every key is documented", () => {
  const undocumented = (schema: unknown, path: string): ReadonlyArray<string> => {
    const { items, properties, description } = schema as {
      readonly items?: unknown
      readonly properties?: Readonly<Record<string, unknown>>
      readonly description?: string
    }
    const own = path === "" || path.endsWith("[]") || description !== undefined ? [] : [path]
    const inner = Object.entries(properties ?? {}).flatMap(([key, one]) =>
      undocumented(one, `${path}.${key}`),
    )
    return [...own, ...inner, ...(items === undefined ? [] : undocumented(items, `${path}[]`))]
  }
  expect(undocumented(Schema.toJsonSchemaDocument(Config).schema, "")).toEqual([])
})

import { expect, test } from "bun:test"
import { Context, Effect, Exit, Logger, type LogLevel, Redacted, References } from "effect"
import { empty } from "../plugin/Catalogue.ts"
import type { Caller } from "../plugin/Operation.ts"
import { effect } from "../testing/effect.ts"
import { describe, failureOf, localDoor } from "./Call.ts"
import { acme, catalogueOf, handles } from "./fixtures/handles.ts"

const caller: Caller = { door: "cli", client: "test" }
const door = localDoor({ current: Effect.succeed(catalogueOf([...handles(), ...acme()])) })
const failed = (name: string, input: unknown) =>
  Effect.map(Effect.exit(door.call(name, input, caller)), (exit) => {
    const failure = failureOf(exit)
    if (failure === undefined) throw new Error("did not fail")
    return failure
  })

effect(
  "says everything that is wrong at once, with place, expectation and known names",
  Effect.gen(function* () {
    const { code, message } = yield* failed("acme_status", {
      level: "hihg",
      count: 99,
      ratio: "x",
      deep: 1,
      tag: [1, "two"],
      whta: "typo",
    })
    expect(code).toBe("invalid")
    expect(message.split("\n").sort()).toEqual([
      "count: expected an integer from 1 to 9, got 99",
      "deep: expected true or false, got 1",
      'level: expected one of low, high, got "hihg". Did you mean high?',
      'ratio: expected a number, got "x"',
      'tag[1]: expected an integer, got "two"',
      "whta: unknown key. Did you mean what?",
    ])
  }),
)

effect(
  "names a missing key with its type, and refuses what is no object",
  Effect.gen(function* () {
    expect((yield* failed("dispatch", {})).message).toBe("prompt: is required (a string that is not empty)")
    expect((yield* failed("dispatch", { prompt: "" })).message).toBe(
      'prompt: expected a string that is not empty, got ""',
    )
    expect((yield* failed("dispatch", ["x"])).message).toBe("expected an object, got a list of 1")
    expect((yield* failed("list_agents", { all: true })).message).toBe(
      "all: unknown key. There are none here.",
    )
  }),
)

effect(
  "never repeats a secret",
  Effect.gen(function* () {
    const failure = yield* failed("acme_status", { secret: "hunter2" })
    expect(JSON.stringify(failure)).not.toContain("hunter2")
    expect(failure.message).toStartWith("secret: ")
  }),
)

effect(
  "refuses input that is too large or too deep, whatever the schema allows",
  Effect.gen(function* () {
    const large = yield* failed("dispatch", { prompt: "x", input: { text: "y".repeat(20_000_001) } })
    expect(large.message).toBe("is larger than 20 MB")
    let deep: unknown = 1
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect((yield* failed("dispatch", { prompt: "x", input: { deep } })).message).toBe(
      "is nested deeper than 64",
    )
  }),
)

effect(
  "decodes, runs, encodes and prints",
  Effect.gen(function* () {
    const seen: Array<unknown> = []
    const own = localDoor({ current: Effect.succeed(catalogueOf(acme((_, input) => seen.push(input)))) })
    yield* own.call("acme_status", { secret: "a token of more than thirty letters" }, caller)
    expect(seen).toMatchObject([{ level: "low", deep: true }])
    expect(Redacted.value((seen[0] as { secret: Redacted.Redacted }).secret)).toStartWith("a token")
    expect((yield* door.call("list_pipelines", undefined, caller)).text).toBe("implement")
  }),
)

effect(
  "an unknown operation is named with the one that was meant",
  Effect.gen(function* () {
    expect((yield* failed("list_agent", {})).message).toBe(
      'There is no operation "list_agent". Did you mean list_agents?',
    )
  }),
)

effect(
  "an agent of a run has everything but the scope admin, whatever its token says",
  Effect.gen(function* () {
    const [list, ...others] = handles()
    const only = { ...list!, name: "only_admin", scope: "admin" as const }
    const own = localDoor({ current: Effect.succeed(catalogueOf([list!, only, ...others])) })
    const asked = (name: string, who: Caller) => Effect.exit(own.call(name, { prompt: "ok" }, who))
    for (const by of ["cli", "mcp", "http", "plugin"] as const) {
      const within: Caller = { ...caller, door: by, parent_run: "r-1", scopes: ["admin"] }
      expect(failureOf(yield* asked("only_admin", within))).toMatchObject({
        code: "denied",
        message: expect.stringContaining(
          "only_admin needs the scope admin, which no agent has: this call comes from within run r-1.",
        ),
      })
      expect(Exit.isSuccess(yield* asked("dispatch", within))).toBe(true)
      expect(Exit.isSuccess(yield* asked("only_admin", { ...caller, door: by }))).toBe(true)
    }
  }),
)

effect(
  "a bug tells the client an id and the log the cause",
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.make(({ cause, message }) => void lines.push(`${String(message)} ${String(cause)}`))
    const failure = yield* Effect.provide(failed("acme_break", {}), Logger.layer([logger]))
    const { id } = failure.details as { id: string }
    expect(failure.code).toBe("internal")
    expect(failure.message).toContain(id)
    expect(JSON.stringify(failure)).not.toContain("inner secret detail")
    expect(lines.join()).toContain(id)
    expect(lines.join()).toContain("inner secret detail")
  }),
)

effect(
  "with debug on, a call says in the log who asked for what, what became of it and how long it took",
  Effect.gen(function* () {
    const lines: Array<object> = []
    const logger = Logger.map(Logger.formatStructured, ({ annotations, level, message }) => {
      lines.push({ level, message, ...annotations })
    })
    const catalogue = catalogueOf([...handles(), ...acme()])
    const told = (level: LogLevel.LogLevel) => {
      const surroundings = Context.make(Logger.CurrentLoggers, new Set([logger])).pipe(
        Context.add(References.MinimumLogLevel, level),
      )
      return localDoor({ current: Effect.succeed(catalogue) }, surroundings)
    }
    const asked: Caller = { door: "http", client: "curl", token: "ci", scopes: ["dispatch"] }
    yield* told("Info").call("list_agents", {}, asked)
    expect(lines).toEqual([])
    yield* told("Debug").call("list_agents", {}, asked)
    yield* Effect.exit(
      told("Debug").call("acme_status", { level: "hunter2" }, { ...asked, parent_run: "r-1" }),
    )
    const facts = {
      level: "DEBUG",
      component: "edge",
      door: "http",
      client: "curl",
      token: "ci",
      duration_ms: 0,
    }
    expect(lines).toEqual([
      { ...facts, message: "call answered", operation: "list_agents" },
      { ...facts, message: "call invalid", operation: "acme_status", run: "r-1" },
    ])
  }),
)

effect(
  "a catalogue without operations has none to offer",
  Effect.gen(function* () {
    const none = localDoor({ current: Effect.succeed(empty) })
    expect(yield* none.operations).toEqual([])
    expect(Exit.isFailure(yield* Effect.exit(none.call("x", {}, caller)))).toBe(true)
  }),
)

test("describes an operation with inlined definitions and no unknown keys", () => {
  const [status] = acme()
  expect(describe(status!)).toEqual({
    name: "acme_status",
    plugin: "acme",
    summary: "Tells how Acme is.",
    readonly: true,
    destructive: false,
    idempotent: true,
    scope: "read",
    output: {},
    input: {
      type: "object",
      properties: {
        level: { type: "string", enum: ["low", "high"], default: "low", description: "How much to tell." },
        count: { type: "integer", minimum: 1, maximum: 9, description: "How many." },
        ratio: { type: "number", description: "A share." },
        deep: { type: "boolean", default: true, description: "Look at everything." },
        tag: { type: "array", items: { type: "integer" }, description: "Numbers." },
        what: { type: "string", description: "A word." },
        secret: { type: "string", minLength: 15, description: "A token." },
      },
      additionalProperties: false,
    },
  } as never)
})

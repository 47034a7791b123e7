import { expect } from "bun:test"
import { Effect, Fiber, Ref, Schema } from "effect"
import { TestClock } from "effect/testing"
import type { OperationHandle } from "../../plugin/Catalogue.ts"
import { implied } from "../../plugin/Operation.ts"
import { effect } from "../../testing/effect.ts"
import { describe, localDoor } from "../Call.ts"
import { run } from "../Cli.ts"
import { acme, catalogueOf, handles } from "../fixtures/handles.ts"

/** A hub whose plugin `acme` is in this state. */
const hubOf = (state: Ref.Ref<string>) => {
  const list = {
    plugin: "core",
    name: "list_plugins",
    summary: "Lists plugins.",
    input: Schema.Struct({}),
    output: Schema.Unknown,
    readonly: true,
    ...implied({ readonly: true }),
    run: () => Effect.map(Ref.get(state), (now) => ({ plugins: [{ state: now }] })),
  } as never as OperationHandle
  return localDoor({
    current: Effect.map(Ref.get(state), (now) =>
      catalogueOf([...handles(), list, ...(now === "ready" ? acme() : [])]),
    ),
  })
}

/** `looked` is the hub that knows the command, `started` the one that is there when it is called. */
const typed = Effect.fnUntraced(function* (
  looked: Ref.Ref<string>,
  started: Ref.Ref<string>,
  word = "acme-list",
) {
  const said = { out: "", err: "" }
  const sink = (name: "out" | "err") => ({
    write: (text: string, done: () => void) => {
      said[name] += text
      done()
    },
  })
  const code = yield* run({
    argv: [word],
    version: "1.2.3",
    home: "/nowhere",
    cwd: "/nowhere",
    env: {},
    core: handles().map(describe),
    extras: [],
    connect: (need) => Effect.succeed(hubOf(need === "look" ? looked : started)),
    stdin: (async function* () {})(),
    stdout: sink("out"),
    stderr: sink("err"),
    interrupted: Effect.never,
  })
  return { code, ...said }
})

effect(
  "a command of a plugin that still starts is waited for: until it is known, and until the hub that is asked has it",
  Effect.gen(function* () {
    const [looked, started] = [yield* Ref.make("starting"), yield* Ref.make("starting")]
    const typing = yield* Effect.forkChild(typed(looked, started))
    yield* TestClock.adjust("2 seconds")
    yield* Ref.set(looked, "ready")
    yield* TestClock.adjust("2 seconds")
    yield* Ref.set(started, "ready")
    yield* TestClock.adjust("2 seconds")
    expect(yield* Fiber.join(typing)).toEqual({ code: 0, out: "a\nb\n", err: "" })
  }),
)

effect(
  "it is unknown once no plugin starts any more, or after five seconds",
  Effect.gen(function* () {
    const unknown = { code: 2, out: "", err: expect.stringContaining('Unknown command "acme-list"') }
    const failed = yield* Ref.make("failed")
    expect(yield* typed(failed, failed)).toEqual(unknown)
    const slow = yield* Ref.make("starting")
    const typing = yield* Effect.forkChild(typed(slow, slow))
    yield* TestClock.adjust("5 seconds")
    expect(yield* Fiber.join(typing)).toEqual(unknown)
  }),
)

effect(
  "a command of the hub itself waits for no plugin",
  Effect.gen(function* () {
    const slow = yield* Ref.make("starting")
    expect(yield* typed(slow, slow, "agents")).toMatchObject({ code: 0 })
  }),
)

/** Pipelines as prompts: which are offered, what becomes of them, and what completes an argument. */
// @effect-diagnostics unsafeEffectTypeAssertion:off
import { expect } from "bun:test"
import { type Cause, Effect, Queue, Schema, Stream } from "effect"
import type { Prompt } from "../plugin/Prompt.ts"
import { silent } from "../plugin/Talk.ts"
import { Files } from "../services/Files.ts"
import { Home } from "../services/Home.ts"
import { live } from "../testing/effect.ts"
import { hub, shell } from "../testing/hub.ts"
import * as Prompts from "./Prompts.ts"

const pipeline = (prompt: string, agent = "it") =>
  `description = "Does it."\nrun = ["a"]\n${prompt}\n[step.a]\ntype = "agent"\nagent = "${agent}"\nprompt = "x"\n`

const inputs = `[input.task]
type = "string"
required = true
[input.hard]
type = "boolean"
[input.agent]
type = "string"
default = "sonnet"
`

const given = {
  agents: [shell("it", "echo ok"), shell("other", "echo ok")],
  pipelines: {
    asked: pipeline(`[prompt]\ntitle = "Do it"\n${inputs}`),
    silent: pipeline(""),
    unable: pipeline("[prompt]", "nobody"),
    wrong: "run = 1\n[prompt]\n",
  },
}

/** All sets of prompts, one after the other. */
const sets = Effect.gen(function* () {
  const queue = yield* Queue.unbounded<ReadonlyArray<Prompt>, Cause.Done>()
  yield* Effect.forkScoped(Stream.runIntoQueue(yield* Prompts.make, queue))
  return { next: Queue.take(queue) }
})

const names = (prompts: ReadonlyArray<Prompt>) => prompts.map(({ name }) => name)
const write = (name: string, text: string) =>
  Effect.gen(function* () {
    const { pipelines } = yield* Home
    yield* (yield* Files).write(`${pipelines}/${name}.toml`, text)
  })

live(
  "those that say so and can run are offered, with the words of their tables",
  hub(given),
  Effect.gen(function* () {
    const prompts = yield* (yield* sets).next
    expect(names(prompts)).toEqual(["asked"])
    const [asked] = prompts as [Prompt]
    expect(asked).toMatchObject({ title: "Do it", summary: "Does it." })
    const decode = Schema.decodeUnknownEffect(asked.arguments as Schema.Codec<unknown>)
    const args = yield* decode({ task: "add a flag", hard: "true" })
    const text = yield* asked.render(args, silent) as Effect.Effect<string>
    expect(text).toContain('"pipeline": "asked"')
    expect(text).toContain('"hard": true')
    expect(yield* Effect.flip(decode({}))).toBeDefined()
    const refused = asked.render(yield* decode({ task: "x", hard: "maybe" }), silent)
    expect(yield* Effect.flip(refused as Effect.Effect<string, unknown>)).toMatchObject({ code: "invalid" })
  }),
)

live(
  "the set follows the files: a new one, one that is broken, one that is good again",
  hub(given),
  Effect.gen(function* () {
    const { next } = yield* sets
    expect(names(yield* next)).toEqual(["asked"])
    yield* write("mine", pipeline("[prompt]"))
    expect(names(yield* next)).toEqual(["asked", "mine"])
    yield* write("mine", "run = [")
    expect(names(yield* next)).toEqual(["asked"])
    yield* write("mine", `# Nothing that a client sees has changed since.\n${pipeline("")}`)
    yield* write("asked", pipeline('[prompt]\ntitle = "Other"'))
    const [asked, ...others] = yield* next
    expect([asked?.title, others]).toEqual(["Other", []])
  }),
)

live(
  "what an argument may be: of its kind, of the projects, of the agents",
  hub(given),
  Effect.gen(function* () {
    const { path } = yield* Home
    yield* (yield* Files).write(
      `${path}/projects.toml`,
      '[project.shop]\npath = "/"\n[project.site]\npath = "/"\n',
    )
    const [asked] = (yield* (yield* sets).next) as [Prompt]
    const complete = (name: string, typed = "") =>
      asked.complete?.(name, typed, {}) as Effect.Effect<ReadonlyArray<string>>
    expect(yield* complete("hard")).toEqual(["true", "false"])
    expect(yield* complete("hard", "f")).toEqual(["false"])
    expect(yield* complete("project", "sh")).toEqual(["shop"])
    expect(yield* complete("agent")).toEqual(["sonnet", "it", "other"])
    expect(yield* complete("task")).toEqual([])
    expect(yield* complete("unheard-of")).toEqual([])
  }),
)

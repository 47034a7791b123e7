// @effect-diagnostics unsafeEffectTypeAssertion:off
import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer, Schema } from "effect"
import { parse } from "../core/pipeline/Document.ts"
import { kinds } from "../core/pipeline/kinds/index.ts"
import * as PipelineTest from "../core/pipeline/PipelineTest.ts"
import { lint, resolve } from "../core/pipeline/Resolve.ts"
import type { Agent } from "../core/plugin/Agent.ts"
import type { AgentHandle, Catalogue } from "../core/plugin/Catalogue.ts"
import * as Failure from "../core/plugin/Failure.ts"
import type { Contributions } from "../core/plugin/Plugin.ts"
import { effect, live } from "../core/testing/effect.ts"
import { catalogue as machine } from "../core/testing/plans.ts"
import { builtin } from "./builtin.ts"
import { execute } from "./rehearsal.ts"
import { shipped } from "./shipped.ts"

const root = join(import.meta.dir, "..")

const described = Bun.TOML.parse(readFileSync(join(root, "plugins.toml"), "utf8")) as {
  readonly plugin: Readonly<
    Record<string, { readonly use: string; readonly enabled?: boolean; readonly config?: object }>
  >
}

const neverStarted = Failure.of("missing_program", "never started")

const handleOf = ({ id, summary, supports }: Agent): AgentHandle => ({
  kind: "program",
  id,
  plugin: id,
  summary,
  supports,
  launch: () => neverStarted,
  decoder: () => neverStarted,
  probe: undefined,
  client: undefined,
})

const agentsOf = async (instance: string, use: string, given: object): Promise<ReadonlyArray<Agent>> => {
  const plugin = (await builtin[use]?.())?.default
  if (plugin === undefined) throw new Error(`plugins.toml: no plugin "${use}"`)
  const config = Schema.decodeUnknownSync(plugin.config as Schema.Codec<unknown, unknown>)(given, {
    errors: "all",
    onExcessProperty: "error",
  })
  // These need nothing but their config.
  const setup = plugin.setup(config, { instance }) as Effect.Effect<Contributions>
  return (await Effect.runPromise(setup)).agents ?? []
}

/** The agents that a fresh hub has. */
const agents = new Map(
  (
    await Promise.all(
      Object.entries(described.plugin)
        .filter(([, { enabled = true }]) => enabled)
        .map(([name, { config = {}, use }]) => agentsOf(name, use, config)),
    )
  )
    .flat()
    .map((agent) => [agent.id, handleOf(agent)] as const),
)

const catalogue: Catalogue = { ...machine, agents }

const sources = {
  get: (id: string) => {
    const text = shipped.get(id)
    return Effect.succeed(text === undefined ? undefined : { id, file: `pipelines/${id}.toml`, text })
  },
  list: Effect.succeed(Array.from(shipped.keys(), (id) => ({ id }))),
}

test("every file in pipelines/ is inside the program, as it stands", () => {
  const files = readdirSync(join(root, "pipelines"))
  expect(files.toSorted()).toEqual(Array.from(shipped.keys(), (id) => `${id}.toml`).toSorted())
  for (const [id, text] of shipped)
    expect(text).toBe(readFileSync(join(root, "pipelines", `${id}.toml`), "utf8"))
})

test("a fresh hub knows the agents that the pipelines ask", () => {
  expect([...agents.keys()]).toEqual(["claude", "codex", "gemini", "opencode"])
  expect(agents.get("opencode")?.supports).toMatchObject({
    permission: ["restricted", "auto", "bypass"],
    resume: true,
  })
})

describe.each([...shipped.keys()])("%s", (id) => {
  effect(
    "has no findings",
    Effect.gen(function* () {
      const source = yield* sources.get(id)
      expect(source === undefined ? id : yield* lint(sources, source, catalogue, kinds)).toEqual([])
    }),
  )

  live(
    "does what its tests say",
    Layer.empty,
    Effect.gen(function* () {
      const document = yield* parse(shipped.get(id) ?? "", `pipelines/${id}.toml`)
      const plan = yield* resolve(sources, id, catalogue, kinds)
      const results = yield* PipelineTest.run(plan, document.test, catalogue, execute)
      expect(results.length).toBeGreaterThan(2)
      expect(results.filter(({ problems }) => problems.length > 0)).toEqual([])
    }),
    60_000,
  )
})

import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer, Schema } from "effect"
import { parse } from "../core/pipeline/Document.ts"
import { kinds } from "../core/pipeline/kinds/index.ts"
import * as PipelineTest from "../core/pipeline/PipelineTest.ts"
import { lint, resolve } from "../core/pipeline/Resolve.ts"
import type { AgentHandle, Catalogue } from "../core/plugin/Catalogue.ts"
import * as Failure from "../core/plugin/Failure.ts"
import { effect, live } from "../core/testing/effect.ts"
import { catalogue as machine } from "../core/testing/plans.ts"
import { Config } from "../plugins/agent-command/Config.ts"
import { supports } from "../plugins/agent-command/Launch.ts"
import { execute } from "./rehearsal.ts"
import { shipped } from "./shipped.ts"

const root = join(import.meta.dir, "..")

const described = Bun.TOML.parse(readFileSync(join(root, "plugins.toml"), "utf8")) as {
  readonly plugin: Readonly<Record<string, { readonly use: string; readonly config: object }>>
}

const decode = Schema.decodeUnknownSync(Config)

const neverStarted = Failure.of("missing_program", "never started")

const agentOf = (id: string, config: object): AgentHandle => ({
  kind: "program",
  id,
  plugin: id,
  summary: id,
  supports: supports(decode(config, { errors: "all", onExcessProperty: "error" })),
  launch: () => neverStarted,
  decoder: () => neverStarted,
  probe: undefined,
  client: undefined,
})

/** The agents that a fresh hub has. */
const agents = new Map(
  Object.entries(described.plugin).map(([id, { config }]) => [id, agentOf(id, config)] as const),
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
  expect(agents.get("opencode")?.supports).toMatchObject({ permission: ["auto", "bypass"], resume: true })
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

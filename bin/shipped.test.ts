import { describe, expect } from "bun:test"
import { test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Fiber, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { checkInput } from "../core/pipeline/Input.ts"
import { kinds } from "../core/pipeline/kinds/index.ts"
import { lint, resolve } from "../core/pipeline/Resolve.ts"
import { run } from "../core/pipeline/Run.ts"
import { parse as parsePipeline } from "../core/pipeline/Document.ts"
import type { TestTable } from "../core/pipeline/TestTables.ts"
import type { AgentHandle, Catalogue } from "../core/plugin/Catalogue.ts"
import { effect } from "../core/testing/effect.ts"
import { catalogue as scriptedCatalogue } from "../core/testing/plans.ts"
import { type Ending, events, exited, failed, memory, said, scripted } from "../core/testing/world.ts"
import { Config } from "../plugins/agent-command/Config.ts"
import { supports } from "../plugins/agent-command/Launch.ts"
import { shipped } from "./shipped.ts"

const root = join(import.meta.dir, "..")

const described = Bun.TOML.parse(readFileSync(join(root, "plugins.toml"), "utf8")) as {
  readonly plugin: Readonly<Record<string, { readonly use: string; readonly config: object }>>
}

const decode = Schema.decodeUnknownSync(Config)

/** The agents that a fresh hub has. */
const agents = new Map(
  Object.entries(described.plugin).map(([id, { config }]): [string, AgentHandle] => {
    const read = decode(config, { errors: "all", onExcessProperty: "error" })
    return [id, { ...scriptedCatalogue.agents.get("claude")!, id, supports: supports(read) } as AgentHandle]
  }),
)

const catalogue: Catalogue = { ...scriptedCatalogue, agents }

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

/** The next entry of a list, its last one for all further starts. */
const playing = <A>(scripts: Readonly<Record<string, A | ReadonlyArray<A>>>) => {
  const starts = new Map<string, number>()
  return (name: string): A | undefined => {
    const list = [scripts[name] ?? []].flat() as ReadonlyArray<A>
    const start = starts.get(name) ?? 0
    starts.set(name, start + 1)
    return list[Math.min(start, list.length - 1)]
  }
}

const worldOf = (
  table: TestTable,
  input: Readonly<Record<string, unknown>>,
  kept: ReturnType<typeof memory>,
) => {
  const agent = playing(table.agents)
  const command = playing(table.commands)
  return scripted(
    {
      run: { prompt: table.prompt, input },
      agent: ({ call }): Ending<{ readonly text: string }> => {
        const script = agent(call.agent)
        if (script === undefined) throw new Error(`no script for agent "${call.agent}"`)
        const ending = script.fail === undefined ? said(script.say ?? "") : failed(script.fail)
        return { ...ending, after: script.after }
      },
      command: ({ step }) => {
        const script = command(step)
        if (script === undefined) throw new Error(`no script for the command of "${step}"`)
        return { ...exited(script.exit, script.output), after: script.after }
      },
    },
    kept,
  )
}

describe.each([...shipped.keys()])("%s", (id) => {
  effect(
    "has no findings",
    Effect.gen(function* () {
      const source = yield* sources.get(id)
      expect(yield* lint(sources, source!, catalogue, kinds)).toEqual([])
    }),
  )

  effect(
    "does what its tests say",
    Effect.gen(function* () {
      const document = yield* parsePipeline(shipped.get(id)!, `pipelines/${id}.toml`)
      expect(document.test.length).toBeGreaterThan(2)
      for (const table of document.test) {
        const plan = yield* resolve(sources, id, catalogue, kinds)
        const kept = memory()
        const input = yield* checkInput(plan, table.input, table.prompt)
        const running = yield* Effect.forkChild(
          Effect.result(run(plan, worldOf(table, input, kept), catalogue.conditions)),
        )
        yield* TestClock.adjust("1 hour")
        const result = yield* Fiber.join(running)
        const chosen = events(kept)
          .filter(({ type }) => type === "candidate_chosen")
          .map(({ data }) => data?.["candidate"])
        expect({
          name: table.name,
          state: Result.isSuccess(result) ? "succeeded" : "failed",
          ...(table.expect.failure === undefined || Result.isSuccess(result)
            ? {}
            : { failure: result.failure.class }),
          ...(table.expect.tried === undefined ? {} : { tried: chosen }),
          ...(table.expect.answered_by === undefined || Result.isFailure(result)
            ? {}
            : { answered_by: result.success.by }),
          ...(table.expect.answer === undefined || Result.isFailure(result)
            ? {}
            : { answer: result.success.text }),
        }).toEqual({ name: table.name, ...table.expect } as never)
      }
    }),
  )
})

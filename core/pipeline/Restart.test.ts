import { expect } from "bun:test"
import { Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import type { FailureClass } from "../plugin/Failure.ts"
import { effect } from "../testing/effect.ts"
import { catalogue, plan } from "../testing/plans.ts"
import { failed, type Memory, memory, said, type Script, scripted, until } from "../testing/world.ts"
import type { Plan } from "./Plan.ts"
import * as Run from "./Run.ts"

interface Tree {
  readonly type: "agent" | "fallback" | "sequence" | "parallel" | "loop" | "verify"
  readonly below: ReadonlyArray<Tree>
  readonly retry: boolean
  readonly timeout: number | undefined
  readonly need: number
  /** 0: none. */
  readonly limit: number
}

const common = {
  retry: fc.boolean(),
  timeout: fc.option(fc.integer({ min: 1, max: 5_000 }), { nil: undefined, freq: 4 }),
  need: fc.integer({ min: 0, max: 2 }),
  limit: fc.integer({ min: 0, max: 2 }),
}

const { tree } = fc.letrec<{ tree: Tree; leaf: Tree; node: Tree }>((tie) => ({
  tree: fc.oneof({ maxDepth: 3, withCrossShrink: true }, tie("leaf"), tie("node")),
  leaf: fc.record({ ...common, type: fc.constantFrom("agent", "agent", "verify"), below: fc.constant([]) }),
  node: fc.record({
    ...common,
    type: fc.constantFrom("fallback", "sequence", "parallel", "loop"),
    below: fc.array(tie("tree"), { minLength: 2, maxLength: 3 }),
  }),
}))

/** The tree as a pipeline file; ids count up, so that none is used twice. */
const toml = (root: Tree): string => {
  const tables: Array<string> = []
  const write = (tree: Tree): string => {
    const id = `s${tables.push("") - 1}`
    const below = tree.below.map(write)
    tables[Number(id.slice(1))] = [`[step.${id}]`, `type = "${tree.type}"`, ...keys(tree, below), ""].join(
      "\n",
    )
    return id
  }
  const loopCheck = '[step.until]\ntype = "verify"\ncommand = ["check"]\n'
  const first = write(root)
  const loops = tables.some((table) => table.includes('until = "until"'))
  return `run = ["${first}"]\n${tables.join("")}${loops ? loopCheck : ""}`
}

const keys = (tree: Tree, below: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...(tree.retry
    ? ['retry = { times = 1, base = "3 millis", jitter = 0, on = ["crashed", "verification_failed"] }']
    : []),
  // No sum of whole seconds ends at the same moment.
  ...(tree.timeout === undefined ? [] : [`timeout = "${tree.timeout * 1_000 + 500} millis"`]),
  ...ownKeys(tree, below),
]

const ownKeys = (tree: Tree, below: ReadonlyArray<string>): ReadonlyArray<string> => {
  const ids = JSON.stringify(below)
  switch (tree.type) {
    case "agent":
      return ['agent = "a"', 'prompt = "{{ run.prompt }}"']
    case "verify":
      return ['command = ["check"]']
    case "fallback":
      return [`try = ${ids}`]
    case "sequence":
      return [`steps = ${ids}`]
    case "parallel":
      return [
        `steps = ${ids}`,
        ...(tree.limit === 0 ? [] : [`limit = ${tree.limit}`]),
        `need = ${tree.need === 0 ? '"all"' : tree.need === 1 ? '"any"' : "2"}`,
      ]
    case "loop":
      return [`step = "${below[0]}"`, 'until = "until"', "times = 2"]
  }
}

const reachable = (tree: Tree): Tree => ({
  ...tree,
  below: (tree.type === "loop" ? tree.below.slice(0, 1) : tree.below).map(reachable),
})

const outcomes: ReadonlyArray<FailureClass | undefined> = [
  undefined,
  "crashed",
  "auth",
  "timed_out",
  undefined,
]

/** Each start takes twice as long as the one named before it, so that no two ends fall together. */
const script = (picks: ReadonlyArray<number>): Script => {
  const seen = new Map<string, number>()
  const endingOf = (name: string) => {
    if (!seen.has(name)) seen.set(name, seen.size)
    const nth = seen.get(name)!
    const after = 1_000 * 2 ** Math.min(nth, 20)
    return { after, outcome: outcomes[picks[nth % picks.length]! % outcomes.length] }
  }
  return {
    agent: ({ name }) => {
      const { after, outcome } = endingOf(name)
      return { ...(outcome === undefined ? said(name) : failed(outcome)), after }
    },
    command: ({ name }) => {
      const { after, outcome } = endingOf(name)
      return {
        after,
        gives: { code: outcome === undefined ? 0 : 1, signal: null, output: `printed by ${name}` },
      }
    },
  }
}

/** Executes, is killed after `cut` records, starts and events if that many come, restarts at once and ends. */
const execute = (parsed: Plan, plays: Script, kept: Memory, cut: number) =>
  Effect.gen(function* () {
    let count = 0
    const life = until(
      () => ++count === cut,
      (onRecord) =>
        Effect.result(
          Run.run(parsed, scripted(plays, kept, onRecord), catalogue.conditions, catalogue.agents),
        ),
    )
    const fiber = yield* Effect.forkChild(
      Effect.flatMap(life, (end) => (end === undefined ? life : Effect.succeed(end))),
    )
    yield* TestClock.adjust("365 days")
    return { end: yield* Fiber.join(fiber), count }
  })

const summary = (result: Result.Result<unknown, { readonly facts: unknown }> | undefined, kept: Memory) => ({
  result: result && (Result.isSuccess(result) ? result.success : result.failure.facts),
  starts: kept.starts.map(({ name }) => name).toSorted(),
  events: Array.from(kept.events).toSorted(([a], [b]) => (a < b ? -1 : 1)),
})

/** Executes whole, then once for each thing that is kept, killed right after it. */
const restartsAlike = (root: Tree, picks: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const parsed = yield* plan(toml(reachable(root)))
    const plays = script(picks)
    const whole = memory()
    const { count, end } = yield* execute(parsed, plays, whole, Infinity)
    const expected = summary(end, whole)
    expect(expected.result).toBeDefined()
    for (let cut = 1; cut <= count; cut++) {
      const kept = memory()
      expect(summary((yield* execute(parsed, plays, kept, cut)).end, kept)).toEqual(expected)
    }
    return count
  })

const picks = fc.array(fc.nat(4), { minLength: 3, maxLength: 9 })
const samples = fc.sample(fc.tuple(tree, picks), { numRuns: 60 })

// In four parts: together they take longer than one test may where many others work.
for (const part of [0, 1, 2, 3])
  effect(
    `a run that is killed at any moment and executed anew ends the same, with nothing started twice (${part + 1} of 4)`,
    Effect.gen(function* () {
      let cuts = 0
      for (const [root, chosen] of samples.slice(part * 15, part * 15 + 15))
        cuts += yield* restartsAlike(root, chosen)
      expect(cuts).toBeGreaterThan(125)
    }),
    120_000,
  )

const agentSteps = (...ids: ReadonlyArray<string>) =>
  ids.map((id) => `\n[step.${id}]\ntype = "agent"\nagent = "${id}"\nprompt = "p"\n`).join("")

effect(
  "a race that was decided stays decided, though the loser's program ended while no hub lived",
  Effect.gen(function* () {
    const parsed = yield* plan(
      `run = ["p", "c"]\n[step.p]\ntype = "parallel"\nsteps = ["a", "b"]\nneed = "any"${agentSteps("a", "b", "c")}`,
    )
    const plays: Script = {
      agent: ({ call }) => ({
        after: call.agent === "a" ? "1 hour" : "1 minute",
        gives: { text: call.agent },
      }),
    }
    const kept = memory()
    const run = (cut: string) =>
      until(
        (name) => name === cut,
        (onRecord) => Run.run(parsed, scripted(plays, kept, onRecord), catalogue.conditions),
      )
    const first = yield* Effect.forkChild(run("c:started"))
    yield* TestClock.adjust("2 minutes")
    expect(yield* Fiber.join(first)).toBeUndefined()
    expect(kept.starts.map(({ name }) => name)).toEqual(["p/a", "p/b", "c"])
    yield* TestClock.adjust("1 day")
    expect(yield* run("")).toMatchObject({ by: "c" })
    expect(kept.journal.has("p/a")).toBe(false)
    expect(kept.starts.length).toBe(3)
  }),
)

effect(
  "a timeout around other steps goes on while no hub lives",
  Effect.gen(function* () {
    const parsed = yield* plan(
      `run = ["s"]\n[step.s]\ntype = "sequence"\nsteps = ["a", "b"]\ntimeout = "40 minutes"${agentSteps("a", "b")}`,
    )
    const plays: Script = { agent: () => ({ after: "25 minutes", gives: { text: "done" } }) }
    const kept = memory()
    const run = (cut: string) =>
      until(
        (name) => name === cut,
        (onRecord) => Effect.result(Run.run(parsed, scripted(plays, kept, onRecord), new Map())),
      )
    const first = yield* Effect.forkChild(run("s/a"))
    yield* TestClock.adjust("26 minutes")
    expect(yield* Fiber.join(first)).toBeUndefined()
    yield* TestClock.adjust("4 minutes")
    const second = yield* Effect.forkChild(run(""))
    yield* TestClock.adjust("10 minutes")
    expect(yield* Fiber.join(second)).toMatchObject({ failure: { class: "timed_out", step: "s" } })
  }),
)

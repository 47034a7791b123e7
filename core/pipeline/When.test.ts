import { describe, expect } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { ConditionContext } from "../plugin/Condition.ts"
import { catalogue, processes } from "../testing/catalogue.ts"
import { effect, tempHome } from "../testing/effect.ts"
import { decode, evaluate } from "./When.ts"

const context: ConditionContext = {
  run_id: "r",
  step: "s",
  cwd: "/",
  project: { name: "app", tags: ["rust", "web"] },
  input: { task: "fix the flag", level: 3, files: ["a.ts", "b.ts"], deep: false },
}

const judge = (table: unknown, more: Partial<ConditionContext> = {}) =>
  decode(table, catalogue).pipe(Effect.flatMap((when) => evaluate(when, catalogue, { ...context, ...more })))

const verdict = (table: unknown, more: Partial<ConditionContext> = {}) =>
  Effect.map(judge(table, more), ({ holds, because }) => [holds, because] as const)

const refusal = (table: unknown) =>
  Effect.map(Effect.flip(decode(table, catalogue)), ({ message }) => message)

/** Each table with whether it holds, and why. */
const says = (
  name: string,
  cases: ReadonlyArray<readonly [unknown, boolean, string]>,
  more?: Partial<ConditionContext>,
) =>
  effect(
    name,
    Effect.gen(function* () {
      for (const [table, holds, because] of cases)
        expect(yield* verdict(table, more)).toEqual([holds, because])
    }),
  )

describe("a table", () => {
  says("holds when all of its conditions do", [
    [
      { env: { name: "CI", set: true }, project: { tags: ["rust"] } },
      true,
      "CI is set; project app is tagged rust",
    ],
    [{ env: { name: "CI", set: false }, project: { tags: ["rust"] } }, false, "CI is set"],
  ])

  says("holds by all, any and not, also inside each other", [
    [
      { all: [{ env: { name: "CI", set: true } }, { project: { tags: ["go"] } }] },
      false,
      "project app is not tagged go",
    ],
    [{ any: [{ project: { tags: ["go"] } }, { env: { name: "CI", set: true } }] }, true, "CI is set"],
    [
      { any: [{ project: { tags: ["go"] } }, { env: { name: "X", set: true } }] },
      false,
      "project app is not tagged go; X is not set",
    ],
    [{ not: { project: { tags: ["go"] } } }, true, "not: project app is not tagged go"],
    [{ not: { any: [{ env: { name: "CI", set: true } }] } }, false, "not: CI is set"],
  ])

  effect(
    "asks no more than it must, and tells what it asked",
    Effect.gen(function* () {
      const { checks } = yield* judge({
        any: [
          { project: { tags: ["go"] } },
          { env: { name: "CI", set: true } },
          { env: { name: "X", set: true } },
        ],
      })
      expect(checks).toEqual([
        { condition: "project", holds: false, because: "project app is not tagged go" },
        { condition: "env", holds: true, because: "CI is set" },
      ])
    }),
  )

  effect(
    "is refused with everything that is wrong with it",
    Effect.gen(function* () {
      expect(yield* refusal({ any: [{ envv: {} }, { env: { name: 1 } }], not: {}, all: [] })).toBe(
        [
          'condition:1:1  any[0].envv: no condition "envv". Did you mean "env"? Known: all, any, changed, env, failed, input, not, project, time.',
          "condition:1:1  any[1].env.name: expected a string, got 1",
          "condition:1:1  not: is empty. Known: all, any, changed, env, failed, input, not, project, time.",
          "condition:1:1  all: expected a list of condition tables",
        ].join("\n"),
      )
      expect(yield* refusal("x")).toBe("condition:1:1  expected a table of conditions")
    }),
  )

  effect(
    "fails when a condition is gone since it was decoded",
    Effect.gen(function* () {
      const when = yield* decode({ project: { tags: ["rust"] } }, catalogue)
      const failed = yield* Effect.flip(evaluate(when, { conditions: new Map() }, context))
      expect(failed.facts).toEqual({
        class: "crashed",
        message: 'The condition "project" is no longer there: its plugin was stopped.',
      })
    }),
  )
})

says(
  "failed looks at the candidate before",
  [
    [{ failed: ["auth", "network"] }, true, "the candidate before failed with auth"],
    [{ failed: ["network"] }, false, "the candidate before failed with auth"],
  ],
  { previous: { class: "auth", message: "no" } },
)
says("failed does not hold for the first candidate", [
  [{ failed: ["auth"] }, false, "no candidate has failed before"],
])

says("env looks for a value, or for any", [
  [{ env: { name: "CI", equals: "true" } }, true, 'CI is "true"'],
  [{ env: { name: "CI", equals: "1" } }, false, 'CI is not "1"'],
  [{ env: { name: "EMPTY", set: true } }, false, "EMPTY is not set"],
  [{ env: { name: "toString", set: false } }, true, "toString is not set"],
])

says("input looks at one input", [
  [{ input: { name: "task", equals: "fix the flag" } }, true, 'input task is "fix the flag"'],
  [{ input: { name: "level", in: [1, 3] } }, true, "input level is 3"],
  [{ input: { name: "deep", equals: false } }, true, "input deep is false"],
  [{ input: { name: "task", matches: "^(fix|repair)\\b" } }, true, 'input task is "fix the flag"'],
  [{ input: { name: "task", matches: "^add" } }, false, 'input task is "fix the flag"'],
  [{ input: { name: "files", matches: "^b" } }, true, 'input files is ["a.ts","b.ts"]'],
  [{ input: { name: "constructor", equals: "x" } }, false, "input constructor is not given"],
])

effect(
  "input refuses patterns that could take for ever",
  Effect.gen(function* () {
    const because = (matches: string) =>
      Effect.map(refusal({ input: { name: "task", matches } }), (message) =>
        message.split(": ").slice(1).join(": "),
      )
    const tooLong = "can take too long: use fewer of * + { ? and |, or ^ at its start"
    expect(yield* because("(a+)+$")).toBe("repeats a group, which can take for ever")
    expect(yield* because("(a|b){2,}")).toBe("repeats a group, which can take for ever")
    expect(yield* because("a*b*c*$")).toBe(tooLong)
    expect(yield* because(`${"a?".repeat(5)}a*a*b`)).toBe(tooLong)
    expect(yield* because("(a)\\1")).toBe("looks around or back, which can take for ever")
    expect(yield* because("(?=a)")).toBe("looks around or back, which can take for ever")
    expect(yield* because("(")).toBe('is no regular expression: "("')
    expect(yield* because("x".repeat(201))).toStartWith("expected a value with a length of at most 200")
    expect(yield* verdict({ input: { name: "task", matches: "^(add|fix|mend).*the.*flag" } })).toEqual([
      true,
      'input task is "fix the flag"',
    ])
    // Escaped and listed characters are no repetitions.
    expect(yield* verdict({ input: { name: "task", matches: "[*+?|]|\\+\\*\\{|the" } })).toEqual([
      true,
      'input task is "fix the flag"',
    ])
  }),
)

says(
  "project does not hold without one",
  [[{ project: { tags: ["rust"] } }, false, "the run belongs to no project"]],
  { project: undefined },
)

effect(
  "time looks at the clock of a zone, also across midnight",
  Effect.gen(function* () {
    yield* TestClock.setTime(Date.parse("2026-07-01T21:30:00Z"))
    const between = (from: string, to: string, tz: string) => verdict({ time: { between: [from, to], tz } })
    expect(yield* between("22:00", "06:00", "UTC")).toEqual([false, "it is 21:30 in UTC"])
    expect(yield* between("22:00", "06:00", "Europe/Berlin")).toEqual([true, "it is 23:30 in Europe/Berlin"])
    expect(yield* between("21:30", "21:31", "UTC")).toEqual([true, "it is 21:30 in UTC"])
    expect(yield* between("21:00", "21:30", "UTC")).toEqual([false, "it is 21:30 in UTC"])
    expect(yield* refusal({ time: { between: ["24:00", "6:00"], tz: "Mars" } })).toBe(
      [
        'condition:1:1  time.between[0]: expected a time of day such as "22:00", got "24:00"',
        'condition:1:1  time.between[1]: expected a time of day such as "22:00", got "6:00"',
        'condition:1:1  time.tz: no time zone "Mars". Write one such as "Europe/Berlin" or "UTC"',
      ].join("\n"),
    )
    expect(yield* refusal({ time: { between: ["06:00", "06:00"] } })).toBe(
      "condition:1:1  time.between: the two times are the same",
    )
  }),
)

describe("changed", () => {
  const own = ["-c", "user.name=a", "-c", "user.email=a@b"]
  /** Nothing that the user of this machine has set for git: signatures, hooks, ignored files. */
  const plain = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" }
  const git = (cwd: string, ...args: ReadonlyArray<string>) =>
    processes.run({ program: "git", args: [...own, ...args], cwd, env: plain })
  const changed = (cwd: string, ...patterns: ReadonlyArray<string>) => verdict({ changed: patterns }, { cwd })

  effect(
    "sees changed, new and removed files, below the folder it works in",
    Effect.gen(function* () {
      const root = yield* tempHome
      mkdirSync(`${root}/src/deep`, { recursive: true })
      yield* git(root, "init", "-q")
      writeFileSync(`${root}/src/deep/a ü.ts`, "1")
      writeFileSync(`${root}/README.md`, "1")
      writeFileSync(`${root}/.gitignore`, "out\n")
      expect(yield* changed(root, "src/**")).toEqual([true, "changed: src/deep/a ü.ts"])
      yield* git(root, "add", ".")
      expect(yield* changed(root, "src/**")).toEqual([true, "changed: src/deep/a ü.ts"])
      yield* git(root, "commit", "-qm", "one")
      expect(yield* changed(root, "**")).toEqual([false, "nothing has changed in **"])
      writeFileSync(`${root}/src/deep/a ü.ts`, "2")
      writeFileSync(`${root}/out`, "2")
      expect(yield* changed(root, "*.md", "out")).toEqual([false, "nothing has changed in *.md, out"])
      expect(yield* changed(`${root}/src`, "deep/*.ts")).toEqual([true, "changed: deep/a ü.ts"])
      writeFileSync(`${root}/src/.env`, "2")
      expect(yield* changed(root, "src/**")).toEqual([true, "changed: src/deep/a ü.ts, src/.env"])
    }),
  )

  effect(
    "does not hold outside a repository",
    Effect.gen(function* () {
      const root = yield* tempHome
      expect(yield* changed(root, "**")).toEqual([false, `${root} is in no git work tree`])
    }),
  )

  effect(
    "starts no program that the repository names",
    Effect.gen(function* () {
      const root = yield* tempHome
      yield* git(root, "init", "-q")
      writeFileSync(`${root}/a`, "1")
      yield* git(root, "add", ".")
      yield* git(root, "commit", "-qm", "one")
      writeFileSync(`${root}/spy.sh`, `#!/bin/sh\ntouch "${root}/spied"\n`, { mode: 0o755 })
      yield* git(root, "config", "core.fsmonitor", `${root}/spy.sh`)
      yield* git(root, "config", "diff.external", `${root}/spy.sh`)
      writeFileSync(`${root}/a`, "2")
      expect(yield* changed(root, "a", "spied")).toEqual([true, "changed: a"])
    }),
  )
})

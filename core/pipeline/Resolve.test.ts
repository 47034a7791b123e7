import { describe, expect } from "bun:test"
import { Duration, Effect } from "effect"
import { catalogue, planOf, sourcesOf } from "../testing/catalogue.ts"
import { effect } from "../testing/effect.ts"
import { formatDiagnostic } from "../toml/Toml.ts"
import { kinds } from "./kinds/index.ts"
import { lint, resolve } from "./Resolve.ts"

/** The example of the language's own description, less the condition that is not yet built. */
const implement = `#:schema ../docs/schema/pipeline.json
description = "Write the change with the best agent that has credit, then have another one review it."
run = ["write", "check", "review"]          # the contents page: steps in order

[input.task]                                 # declared inputs; undeclared ones are refused
type = "string"                              # string | number | boolean | list
required = true
description = "What to do."

[defaults]                                   # apply to every step below that does not say otherwise
timeout = "30 minutes"
stall = "5 minutes"

[step.write]
type = "fallback"
try = ["claude", "codex", "local"]

[step.claude]
type = "agent"
agent = "claude"
model = "opus"
prompt = "{{ input.task }}"
permission = "auto"
when = { env = { name = "CI", set = true } }

[step.codex]
type = "agent"
agent = "codex"
prompt = "{{ input.task }}"
retry = { times = 2, base = "5 seconds", max = "1 minute", on = ["overloaded", "network"] }

[step.local]
type = "agent"
agent = "opencode"
prompt = "{{ input.task }}"

[step.check]
type = "verify"
command = ["npm", "test"]
timeout = "10 minutes"

[step.review]
type = "agent"
agent = "codex"
session = "new"
prompt = """
Review this change: {{ input.task }}
What the author said: {{ steps.write.answer }}
"""

[[test]]
name = "codex takes over when claude is out of credit"
input = { task = "add a flag" }
agents.claude = { fail = "quota_exhausted" }
agents.codex = { say = "done" }
commands.check = { exit = 0 }
expect = { state = "succeeded", tried = ["claude", "codex"], answered_by = "review" }
`

/** What lint says, one finding a line, without the name of the file. */
const findings = (text: string, more: Readonly<Record<string, string>> = {}) =>
  lint(sourcesOf({ p: text, ...more }), { id: "p", file: "p.toml", text }, catalogue, kinds).pipe(
    Effect.map((found) => found.map((one) => formatDiagnostic(one).replace(/^p\.toml:/, ""))),
  )

const says = (
  name: string,
  text: string,
  expected: ReadonlyArray<string>,
  more?: Readonly<Record<string, string>>,
) =>
  effect(
    name,
    Effect.map(findings(text, more), (found) => expect(found).toEqual([...expected])),
  )

const step = (id: string, rest: string) => `[step.${id}]\n${rest}\n`
const agent = (id: string, rest = "") => step(id, `type = "agent"\nagent = "claude"\nprompt = "Go."\n${rest}`)

describe("a plan", () => {
  effect(
    "comes out of the whole example",
    Effect.gen(function* () {
      const plan = yield* planOf({ implement })
      expect(plan.run).toEqual(["write", "check", "review"])
      expect([...plan.steps.keys()]).toEqual(["write", "claude", "codex", "local", "check", "review"])
      expect(plan.inputs.get("task")).toEqual({
        type: "string",
        required: true,
        description: "What to do.",
        default: undefined,
      })
      expect(plan.warnings).toEqual([])
      expect(plan.sources.map(({ id }) => id)).toEqual(["implement"])
      expect(plan.steps.get("write")?.at).toBe("pipelines/implement.toml:14:1")
      expect(plan.steps.get("claude")?.modifiers.when).toEqual({
        kind: "is",
        condition: "env",
        config: { name: "CI", set: true },
      })
      const retry = plan.steps.get("codex")?.modifiers.retry
      expect(retry).toMatchObject({ times: 2, jitter: 0.2, on: new Set(["overloaded", "network"]) })
      expect(Duration.toSeconds(retry?.base ?? 0)).toBe(5)
    }),
  )

  effect(
    "takes limits from the step, then the defaults, then the hub; a step around others from itself only",
    Effect.gen(function* () {
      const plan = yield* planOf({ implement })
      const limits = (id: string) => {
        const { timeout, stall, patience } = plan.steps.get(id)!.modifiers
        return [timeout, stall, patience].map((one) =>
          one === undefined ? undefined : Duration.toSeconds(one),
        )
      }
      expect(limits("review")).toEqual([1800, 300, 15])
      expect(limits("check")).toEqual([600, 300, 15])
      expect(limits("write")).toEqual([undefined, undefined, 15])
      const bare = yield* planOf({
        bare: `run = ["a", "b"]\n${agent("a")}${step("b", 'type = "verify"\ncommand = ["true"]')}`,
      })
      expect(Duration.toMinutes(bare.steps.get("a")!.modifiers.timeout!)).toBe(30)
      expect(Duration.toMinutes(bare.steps.get("b")!.modifiers.timeout!)).toBe(10)
    }),
  )

  effect(
    "holds the plans of the pipelines that it runs, and the conditions inside a kind's own config",
    Effect.gen(function* () {
      const outer = `run = ["a", "b"]
[step.a]
type = "pipeline"
pipeline = "inner"
input = { task = "x" }
[step.b]
type = "switch"
cases = [{ when = { time = { between = ["22:00", "06:00"] } }, step = "c" }]
else = "d"
${agent("c")}${agent("d")}`
      const inner = `run = ["x"]\n[input.task]\ntype = "string"\nrequired = true\n${agent("x")}`
      const plan = yield* planOf({ outer, inner })
      expect(plan.pipelines.get("inner")?.run).toEqual(["x"])
      expect(plan.sources.map(({ id }) => id)).toEqual(["outer", "inner"])
      expect([...plan.steps.get("b")!.whens]).toEqual([
        ["cases[0].when", { kind: "is", condition: "time", config: { between: ["22:00", "06:00"] } }],
      ])
    }),
  )

  effect(
    "is not made from a name that no one knows",
    Effect.gen(function* () {
      const found = yield* Effect.flip(resolve(sourcesOf({ implement }), "implemnt", catalogue, kinds))
      expect(found.message).toBe(
        'pipelines/implemnt.toml:1:1  no pipeline "implemnt". Did you mean "implement"? Known: implement.',
      )
    }),
  )
})

describe("lint", () => {
  says(
    "knows the keys of a prompt, and what its text may name",
    `run = ["a"]
[prompt]
titel = "Do it"
summary = ""
text = """
First.
{{ input.tsk }} {{ steps.a.answer }} {{ input.task }}
"""
[input.task]
type = "string"
${agent("a")}`,
    [
      '3:1  prompt.titel: unknown key "titel". Did you mean "title"? Known: title, summary, text.',
      '4:11  prompt.summary: expected a value with a length of at least 1, got ""',
      '7:1  prompt.text: {{ input.tsk }}: no input "tsk". Did you mean "task"? Known: task.',
      "7:17  prompt.text: {{ steps.a.answer }}: is not known before the run is: a prompt knows input.NAME only",
    ],
  )

  says(
    "warns of a prompt that nobody can choose, for it tells nobody what it is for",
    `run = ["a"]
[prompt]
title = "Do it"
${agent("a")}`,
    [
      "2:1  warning: prompt: has no summary, and the pipeline has no description: nobody can tell what it is for",
    ],
  )

  says(
    "names the steps that a fallback may try",
    `description = "Write, then check."
run = ["write", "check"]

[step.claude]
type = "agent"
agent = "claude"
prompt = "Go."

[step.write]
type = "fallback"
# From the best to the nearest.
try = [
      "claude",
      "codx",
      "local",
]
${agent("codex")}${agent("local")}${step("check", 'type = "verify"\ncommand = ["true"]')}`,
    ['14:7  step.write.try[1]: no step "codx". Known: claude, codex, local.'],
  )

  says("says that a file is no TOML", "run = [\n", ["2:1  invalid value\n  \n  ^"])

  says(
    "says everything at once, in the order of the text",
    `run = ["a", "nope", "a"]
colour = "red"
[input.n]
type = "integer"
[defaults]
timeout = "soon"
isolation = "worktree"
[step.a]
type = "agnt"
[step.b]
type = "agent"
agent = "claud"
promt = "x"
model = 3
guard = "restore"
[step."c d"]
type = "approve"
message = "ok?"
`,
    [
      '1:13  run[1]: no step "nope". Known: a, b, c d.',
      '1:21  run[2]: names "a" a second time',
      '2:1  colour: unknown key "colour". Known: description, run, input, prompt, defaults, step, test.',
      '4:8  input.n.type: expected one of "string", "number", "boolean", "list", got "integer"',
      '6:11  defaults.timeout: expected a duration such as "30 minutes", got "soon"',
      "7:13  defaults.isolation: not yet: steps work in the folder of the run. Until then make the worktree yourself and dispatch with --cwd",
      '9:8  step.a.type: no step type "agnt". Did you mean "agent"? Known: agent, announce, fallback, loop, parallel, pipeline, sequence, switch, transform, verify.',
      "10:1  step.b.prompt: is required (string)",
      '12:9  step.b.agent: no agent "claud". Did you mean "claude"? Known: claude, codex, opencode.',
      '13:1  step.b.promt: unknown key "promt". Did you mean "prompt"? Known: agent, prompt, model, permission, session, fork, system, output_schema, env, max_cost_usd, when, timeout, stall, patience, retry, isolation.',
      "14:9  step.b.model: expected a string, got 3",
      '15:9  step.b.guard: not yet: the next candidate finds the tree as the failed one left it. Until then make the next candidate a sequence that starts with a verify step running ["git", "stash", "--include-untracked"]',
      '16:7  step."c d": is no name: use letters, digits, - and _, with a letter or digit first, at most 64',
      '17:8  step."c d".type: not yet: a run cannot wait for a person. Until then end the pipeline here and dispatch the rest yourself',
    ],
  )

  says("wants a contents page and steps", 'run = []\ndescription = "x"\n', [
    "1:1  step: is required (table)",
    "1:7  run: is empty: name the steps to run, in order",
  ])

  says(
    "finds steps that run themselves",
    `run = ["a"]\n${step("a", 'type = "sequence"\nsteps = ["b"]')}${step("b", 'type = "fallback"\ntry = ["c", "a"]')}${agent("c")}`,
    [
      '7:13  warning: step.b.try[1]: step "a" is in run too, so it runs twice',
      '7:13  step.b.try[1]: step "a" would run itself: a → b → a',
    ],
  )

  says(
    "warns of steps that nobody runs, and of candidates that run anyway",
    `run = ["f", "a"]\n${step("f", 'type = "fallback"\ntry = ["a", "b"]')}${agent("a")}${agent("b")}${agent("c")}`,
    [
      '4:8  warning: step.f.try[0]: step "a" is in run too, so it runs twice',
      "15:7  warning: step.c: never runs: neither run nor a step that runs names it",
    ],
  )

  says(
    "checks what fallback, parallel, loop and switch ask for",
    `run = ["f", "p", "l", "s"]
${step("f", 'type = "fallback"\ntry = ["a"]')}${step("p", 'type = "parallel"\nsteps = ["a", "b"]\nneed = 3')}${step("l", 'type = "loop"\nstep = "a"\nuntil = "b"\ntimes = 3')}${step("s", 'type = "switch"\ncases = [{ when = { nope = 1 }, step = "b" }]')}${step("g", 'type = "fallback"\ntry = ["a", "a"]')}${agent("a")}${agent("b")}`,
    [
      "4:7  step.f.try: needs two or more candidates",
      "8:8  step.p.need: must be at most 2, the number of steps",
      '12:9  step.l.until: step "b" is of type agent: a loop ends by a verify step',
      "14:1  warning: step.s: has no else: it is skipped when no case holds",
      '16:21  step.s.cases[0].when.nope: no condition "nope". Known: all, any, changed, env, failed, input, not, project, time.',
      '19:13  step.g.try[1]: names "a" a second time',
    ],
  )

  says(
    "checks condition tables, and says that quota is not yet there",
    `run = ["a", "b", "c"]\n[input.task]\ntype = "string"\n${agent("a", "when = { quota = { agent = 'claude' } }\n")}${agent("b", "when = { any = [{ input = { name = 'tsk', equals = 'x' } }, { env = { name = 'X' } }] }\n")}${agent("c", "when = {}\n")}`,
    [
      '8:10  step.a.when.quota: condition "quota" is not yet built. Until then an agent that is out of credit fails at once with quota_exhausted, and a fallback takes the next',
      '14:36  step.b.when.any[0].input.name: no input "tsk". Did you mean "task"? Known: task.',
      "14:69  step.b.when.any[1].env: needs either equals or set",
      "20:8  step.c.when: is empty. Known: all, any, changed, env, failed, input, not, project, time.",
    ],
  )

  says(
    "finds retries that cannot happen",
    `run = ["a", "b", "c"]\n${agent("a", "retry = { times = 0 }\n")}${agent("b", 'retry = { times = 1, on = ["cancelled"] }\n')}${step("c", 'type = "verify"\ncommand = ["true"]\nretry = { times = 2 }')}${step("d", 'type = "verify"\ncommand = ["true"]\nretry = { times = 2, base = "2 minutes" }')}`,
    [
      "6:19  warning: step.a.retry.times: this retry can never happen: it is repeated 0 times",
      "12:27  warning: step.b.retry.on: this retry can never happen: cancelled is never repeated",
      "17:9  warning: step.c.retry: this retry can never happen: a verify step does not fail with rate_limited, overloaded, network",
      "18:7  warning: step.d: never runs: neither run nor a step that runs names it",
      "21:29  step.d.retry.base: must not be longer than max",
    ],
  )

  says(
    "checks the gaps of texts, each where it stands",
    `run = ["a", "b"]
[input.task]
type = "string"
[step.a]
type = "agent"
agent = "claude"
prompt = """
{{ input.tsk }} and {{ steps.b.answer }}
  {{ now }} {{ run.prompt }} {{{{ kept }} {{ steps.x.answer }} {{ loop.round }}
"""
[step.b]
type = "agent"
agent = "claude"
prompt = "{{ steps.a.answer }} {{ steps.a.text }} {{ 1 + 1 }} {{ open"
`,
    [
      '8:1  step.a.prompt: {{ input.tsk }}: no input "tsk". Did you mean "task"? Known: task.',
      '8:21  step.a.prompt: {{ steps.b.answer }}: step "b" cannot have run before this one',
      '9:3  step.a.prompt: {{ now }}: no name "now". Known: input, steps, run, project, failure, loop.',
      '9:43  step.a.prompt: {{ steps.x.answer }}: no step "x". Known: b.',
      "9:64  step.a.prompt: {{ loop.round }}: is known inside a loop only",
      "14:32  step.b.prompt: {{ steps.a.text }}: a step gives steps.ID.answer or steps.ID.data.PATH",
      "14:51  step.b.prompt: {{ 1 + 1 }} is no name. Literal braces are written {{{{",
      "14:63  step.b.prompt: {{ is never closed. Literal braces are written {{{{",
    ],
  )

  says(
    "asks an agent only for what it can do",
    `run = ["a", "b"]\n${agent("b")}[step.a]
type = "agent"
agent = "opencode"
prompt = "x"
model = "m"
permission = "bypass"
session = "continue"
fork = true
system = "Be kind."
output_schema = { type = "object" }
[step.c]
type = "agent"
agent = "claude"
prompt = "x"
permission = "auto"
session = "a"
[step.d]
type = "sequence"
steps = ["c"]
`,
    [
      '12:14  step.a.permission: agent "opencode" cannot work with permission "bypass". It takes none',
      '13:11  step.a.session: agent "opencode" cannot go on with a session',
      '14:8  step.a.fork: agent "opencode" cannot branch off a session',
      '15:10  step.a.system: agent "opencode" cannot be given a system prompt',
      '16:17  step.a.output_schema: agent "opencode" cannot be held to an output schema',
      "17:7  warning: step.c: never runs: neither run nor a step that runs names it",
      '22:11  step.c.session: step "a" asks another agent: a session stays with its own',
      "23:7  warning: step.d: never runs: neither run nor a step that runs names it",
    ],
  )

  says(
    "asks for a session that there can be",
    `run = ["a", "b", "c", "d"]
[input.session]
type = "string"
[step.a]
type = "agent"
agent = "claude"
prompt = "x"
session = "id:{{ input.session }}"
fork = true
[step.b]
type = "agent"
agent = "claude"
prompt = "x"
session = "id:{{ input.sesion }}"
[step.c]
type = "agent"
agent = "claude"
prompt = "x"
session = "id:"
[step.d]
type = "agent"
agent = "claude"
prompt = "x"
fork = true
`,
    [
      '14:15  step.b.session: {{ input.sesion }}: no input "sesion". Did you mean "session"? Known: session.',
      "19:11  step.c.session: has no id behind `id:`",
      "24:8  step.d.fork: branches off no session: say which one with session",
    ],
  )

  says(
    "looks into the pipelines that are run, and finds circles among them",
    `run = ["a", "b", "c"]
[step.a]
type = "pipeline"
pipeline = "inner"
input = { other = "x" }
[step.b]
type = "pipeline"
pipeline = "round"
[step.c]
type = "pipeline"
pipeline = "broken"
`,
    [
      '5:9  step.a.input: pipeline "inner" requires the input "number"',
      '5:11  step.a.input.other: pipeline "inner" has no input "other". Known: task, number.',
      'pipelines/round.toml:4:12  step.a.pipeline: pipeline "p" would run itself: p → round → p',
      "pipelines/broken.toml:1:7  invalid value\n  run = \n        ^",
    ],
    {
      inner: `run = ["x"]\n[input.task]\ntype = "string"\nrequired = true\n[input.number]\ntype = "number"\nrequired = true\n${agent("x")}`,
      round: 'run = ["a"]\n[step.a]\ntype = "pipeline"\npipeline = "p"\n',
      broken: "run = ",
    },
  )

  says(
    "names the pipelines that there are",
    'run = ["a"]\n[step.a]\ntype = "pipeline"\npipeline = "inne"\n',
    ['4:12  step.a.pipeline: no pipeline "inne". Did you mean "inner"? Known: p, inner.'],
    { inner: "" },
  )

  says(
    "checks what tests speak of",
    `run = ["a"]\n${agent("a")}[[test]]
name = "x"
input = { y = 1 }
agents.codex = { say = "hi", fail = "auth" }
cooling = ["claud"]
commands.b = { exit = 1 }
expect = { tried = ["a", "b"], answered_by = "c", state = "done" }
`,
    [
      '9:11  test[0].input.y: no input "y". None are known.',
      '10:8  test[0].agents.codex: no step asks agent "codex". Known: claude.',
      "10:16  test[0].agents.codex: either says something or fails",
      '11:12  test[0].cooling[0]: no step asks agent "claud". Did you mean "claude"? Known: claude.',
      '12:10  test[0].commands.b: no verify step "b". None are known.',
      '13:26  test[0].expect.tried[1]: no step "b". Known: a.',
      '13:46  test[0].expect.answered_by: no step "c". Known: a.',
      '13:59  test[0].expect.state: expected one of "queued", "running", "waiting", "succeeded", "failed", "cancelled", "timed_out", got "done"',
    ],
  )

  const many = Array.from({ length: 34 }, (_, index) =>
    step(`s${index}`, `type = "sequence"\nsteps = ["s${index + 1}"]`),
  )
  says("does not nest for ever", `run = ["s0"]\n${many.join("")}${agent("s34")}`, [
    '1:8  run[0]: step "s0" nests 35 steps, at most 32 are allowed',
  ])

  const twins = Array.from(
    { length: 13 },
    (_, index) =>
      step(`s${index}`, `type = "sequence"\nsteps = ["s${index + 1}", "t${index}"]`) +
      step(`t${index}`, `type = "sequence"\nsteps = ["s${index + 1}"]`),
  )
  says("does not multiply shared steps for ever", `run = ["s0"]\n${twins.join("")}${agent("s13")}`, [
    "1:7  run: would run more than 10,000 steps: shared steps multiply",
  ])

  const crowd = Array.from({ length: 501 }, (_, index) => `s${index}`)
  says(
    "refuses too many steps",
    `run = [${crowd
      .slice(0, 500)
      .map((id) => `"${id}"`)
      .join()}]\n${crowd.map((id) => agent(id)).join("")}`,
    ["2:2  step: has 501 steps, at most 500 are allowed"],
  )

  effect(
    "stops after 200 findings, and says how many there were",
    Effect.gen(function* () {
      const keys = Array.from({ length: 300 }, (_, index) => `k${index} = 1\n`).join("")
      const found = yield* findings(
        `run = ["a"]\n${step("a", `type = "transform"\ntemplate = "x"\n${keys}`)}`,
      )
      expect(found).toHaveLength(201)
      expect(found.at(-1)).toBe("205:1  and 100 more findings from here on")
    }),
  )

  says("refuses a file that is too large", `# ${"x".repeat(256 * 1024)}\n`, [
    "1:1  the file is larger than 256 KB",
  ])
})

/** The tools of the person who writes a pipeline, asked of the built binary: lint, plan, show, test, why, replay. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { binary, ensureBuilt } from "../bin/binary.ts"
import { agent, documentOf, environment, type Home, makeHome, run, until } from "./support/hub.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(120_000)

const failure = (rule: string) => `[[plugin.ID.config.failure]]\n${rule}\n`

const plugins = [
  agent(
    "quick",
    `echo "HTTP 429. Retry after 30 seconds." >&2; exit 1`,
    failure(`class = "rate_limited"\nmatches = 'HTTP 429'\nretry_after = 'Retry after (\\d+) s'`).replace(
      "ID",
      "quick",
    ),
  ),
  agent(
    "cheap",
    `echo "Out of credit." >&2; exit 75`,
    failure(`class = "quota_exhausted"\nexit = 75`).replace("ID", "cheap"),
  ),
  agent("steady", "echo done"),
].join("")

const step = (id: string, name: string) =>
  `[step.${id}]\ntype = "agent"\nagent = "${name}"\nprompt = "{{ input.task }}"\n`

const chain = (candidates: string) => `description = "Three agents, tried from left to right."
run = ["work"]

[input.task]
type = "string"
required = true

[step.work]
type = "fallback"
try = [
  ${candidates}
]
${step("first", "quick")}${step("second", "cheap")}${step("third", "steady")}`

const good = `
[[test]]
name = "the third answers"
input = { task = "t" }
agents.quick = { fail = "rate_limited" }
agents.cheap = { fail = "quota_exhausted" }
agents.steady = { say = "done" }
expect = { state = "succeeded", tried = ["first", "second", "third"], answered_by = "third" }
`

const bad = `
[[test]]
name = "only the first is asked"
input = { task = "t" }
agents.quick = { fail = "rate_limited" }
agents.cheap = { say = "done" }
expect = { tried = ["first"] }
`

/** No agent of this machine is called so. */
const elsewhere = `run = ["a"]
[step.a]
type = "agent"
agent = "nowhere"
prompt = "p"
timeout = "1 hour"
[[test]]
name = "it works long"
agents.nowhere = { say = "done", after = "59 minutes" }
expect = { answer = "done" }
`

const all = `"first", "second", "third"`

let home: Home

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({
    "hub/plugins.toml": plugins,
    "hub/pipelines/chain.toml": chain(all),
    "work/good.toml": chain(all) + good,
    "work/bad.toml": chain(all) + good + bad,
    "work/typo.toml": chain(`"first",\n  "secnd",\n  "third"`),
    "work/elsewhere.toml": elsewhere,
    "temp/kept": "",
  })
})

afterAll(() => home.remove())

const hub = (...args: ReadonlyArray<string>) =>
  run(home, args, { cwd: path.join(home.path, "work"), env: { TMPDIR: path.join(home.path, "temp") } })

const left = () => fs.readdirSync(path.join(home.path, "temp")).filter((name) => name !== "kept")

test("lint, plan, show and test of a file name file, line, column, key and what is known, in the same words", async () => {
  const line = './typo.toml:12:3  step.work.try[1]: no step "secnd". Known: first, second, third.'
  const lint = await hub("pipeline", "lint", "./typo.toml")
  expect([lint.code, lint.out.split("\n")[0]]).toEqual([2, line])
  for (const command of ["plan", "show"]) {
    const { code, err, out } = await hub("pipeline", command, "./typo.toml")
    expect([code, out, err.split("\n")[0]]).toEqual([2, "", `hub: ${line}`])
  }
  const tested = await hub("pipeline", "test", "./typo.toml")
  expect(tested.code).toBe(1)
  expect(tested.out).toContain(line)
})

test("plan and show take a file as they take a name", async () => {
  const plans = await Promise.all([hub("pipeline", "plan", "good.toml"), hub("pipeline", "plan", "chain")])
  expect(plans.map(({ code }) => code)).toEqual([0, 0])
  const [ofFile, ofName] = plans.map(({ out }) => out.split("\n"))
  expect(ofFile?.[0]).toBe("good  good.toml")
  expect(ofFile?.slice(1)).toEqual(ofName?.slice(1))
  expect((await hub("pipeline", "show", "good.toml")).out).toContain("├─ second  agent cheap")
  // Only the plan of a run needs its agents here.
  expect((await hub("pipeline", "show", "implement")).out).toContain("─ claude  agent claude")
  expect((await hub("pipeline", "plan", "implement")).code).toBe(2)
  const none = await hub("pipeline", "show", "./none.toml")
  expect([none.code, none.err]).toEqual([2, 'hub: "./none.toml" cannot be read: there is no such file.\n'])
})

test("the JSON Schema of an answer may stand in a file beside the pipeline, in a home and elsewhere", async () => {
  const asks = step("a", "steady").replace("input.task", "run.prompt")
  const text = `run = ["a", "check"]\n${asks}[step.check]\ntype = "verify"\nschema = "shapes/answer.json"\n`
  const shape = '{ "type": "object", "required": ["ok"] }'
  home.write("work/shaped.toml", text)
  const missing = await hub("pipeline", "lint", "shaped.toml")
  expect([missing.code, missing.out.split("\n")[0]]).toEqual([
    2,
    'shaped.toml:8:10  step.check.schema: file "shapes/answer.json" did not come along',
  ])
  home.write("work/shapes/answer.json", shape)
  expect((await hub("pipeline", "lint", "shaped.toml")).code).toBe(0)
  expect((await hub("check", "shaped.toml")).code).toBe(0)

  home.write("hub/pipelines/shaped.toml", text)
  home.write("hub/pipelines/shapes/answer.json", shape)
  expect((await hub("pipeline", "plan", "shaped")).code).toBe(0)
  const ran = await hub("dispatch", "--wait", "--json", "--pipeline", "shaped", "t")
  expect(documentOf<{ failure: { class: string } }>(ran).failure.class).toBe("verification_failed")
  fs.rmSync(path.join(home.path, "hub/pipelines/shapes"), { recursive: true })
  const gone = await hub("dispatch", "--pipeline", "shaped", "t")
  expect([gone.code, gone.err]).toEqual([
    2,
    expect.stringContaining('file "shapes/answer.json" is not there'),
  ])
  fs.rmSync(path.join(home.path, "hub/pipelines/shaped.toml"))
})

test("a test tells what was expected, what came, and why; the exit code says whether all passed", async () => {
  const { code, out } = await hub("pipeline", "test", "bad.toml")
  expect(code).toBe(1)
  for (const words of [
    /^bad\n {2}✓ the third answers {2}\(\d+ ms\)\n {2}✗ only the first is asked {2}\(\d+ ms\)\n/,
    /tried: expected \["first"\], got \["first","second"\]/,
    /leaves first: rate_limited moves on by default/,
    /\n\n1 passed, 1 failed\n$/,
  ])
    expect(out).toMatch(words)
  expect((await hub("pipeline", "test", "good.toml")).code).toBe(0)
  expect(left()).toEqual([])
})

test("all pipelines are tested without a name: those that ship name agents that are not here", async () => {
  const { code, out } = await hub("pipeline", "test")
  expect([code, out.includes("implement\n  ✓ "), out.includes("chain has no tests.")]).toEqual([
    0,
    true,
    true,
  ])
  expect(out).toEndWith(" passed, 0 failed\n")
})

test("--json is one document, --junit is the XML alone, and both together are refused", async () => {
  const report = documentOf<{ passed: number; failed: number; tests: ReadonlyArray<{ problems: unknown }> }>(
    await hub("pipeline", "test", "bad.toml", "good.toml", "--json"),
  )
  expect([report.passed, report.failed, report.tests.length]).toEqual([2, 1, 3])
  const { code, out } = await hub("pipeline", "test", "bad.toml", "--junit")
  expect(code).toBe(1)
  expect(out).toMatch(/^<\?xml [^]*<testsuites tests="2" failures="1"[^]*<\/testsuites>\n$/)
  expect((await hub("pipeline", "test", "--json", "--junit")).code).toBe(2)
})

/** Processes that work for the hub whose home is in that folder. */
const standing = (folder: string) =>
  fs
    .readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        const name = fs.readFileSync(`/proc/${pid}/cmdline`, "latin1")
        return fs.readlinkSync(`/proc/${pid}/cwd`).includes(folder) || name.includes(folder)
      } catch {
        return false
      }
    })

test("a signal takes the test's programs and its folder along", async () => {
  const child = Bun.spawn([binary, "pipeline", "test", "elsewhere.toml"], {
    cwd: path.join(home.path, "work"),
    env: { ...environment(home), TMPDIR: path.join(home.path, "temp") },
    stdout: "pipe",
  })
  const folder = await until("the program that stands in", () =>
    left().find((name) => standing(name).length > 0),
  )
  child.kill("SIGTERM")
  expect(await child.exited).toBe(143)
  // The hub hears that who asked is gone.
  await until("nothing to be left", () => left().length + standing(folder).length === 0 || undefined)
})

test("why tells a run's candidates in order, each reason once; replay decides it anew with today's file", async () => {
  const ran = await hub("dispatch", "--wait", "--pipeline", "chain", "t")
  expect([ran.code, ran.out]).toEqual([0, "done\n"])
  const why = (await hub("why")).out
  const told = [
    "tries first (agent quick): candidate 1 of 3",
    "attempt 1 of quick: failed: rate_limited",
    "HTTP 429. Retry after 30 seconds.",
    "quick is left alone after rate_limited until ",
    "leaves first: rate_limited moves on by default",
    "tries second (agent cheap): candidate 2 of 3",
    "attempt 2 of cheap: failed: quota_exhausted",
    "leaves second: quota_exhausted moves on by default",
    "tries third (agent steady): candidate 3 of 3",
    "attempt 3 of steady: succeeded",
    "succeeded, answered by third",
  ]
  expect(told.map((words) => why.split(words).length - 1)).toEqual(told.map(() => 1))
  const places = told.map((words) => why.indexOf(words))
  expect(places).toEqual(places.toSorted((a, b) => a - b))

  const same = await hub("pipeline", "replay", "last")
  expect([same.code, same.out.split("\n")[1]]).toEqual([0, "Today's pipeline decides the same."])
  home.write("work/other.toml", chain(`"first", "third"`))
  const other = await hub("pipeline", "replay", "last", "--pipeline", "other.toml")
  expect(other.code).toBe(1)
  expect(other.out).toContain("work: recorded: tries second; today: tries third")
  expect(documentOf(await hub("pipeline", "replay", "last", "--json"))).toMatchObject({
    pipeline: "chain",
    same: true,
    differences: [],
  })
})

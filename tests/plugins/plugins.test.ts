/** Plugins from outside, against a compiled program: what they can do, and what they cannot do to the hub. */
/* oxlint-disable typescript/no-explicit-any -- answers are JSON */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { compile, type Hub, remove, start, temp, write } from "./binary.ts"

let folder = ""
let binary = ""
beforeAll(async () => {
  folder = temp("plugins")
  binary = await compile(folder)
}, 120_000)
afterAll(() => remove(folder))

const open: Array<{ readonly hub: Hub; readonly home: string }> = []
afterEach(async () => {
  for (const { home, hub } of open.splice(0)) {
    await hub.stop()
    remove(home)
  }
})

/** A hub whose home holds these files. */
const hubWith = (
  files: Readonly<Record<string, string>>,
  limits: Readonly<Record<string, number>> = {},
  env: Record<string, string> = {},
) => {
  const home = temp("home")
  write(home, files)
  const hub = start(binary, home, limits, env)
  open.push({ hub, home })
  return { hub, home }
}

const fixture = (name: string) => readFileSync(join(import.meta.dir, "fixtures", name), "utf8")

/** A good plugin beside the bad one: it must go on working. */
const good = {
  "good.ts": fixture("good.ts"),
  "plugins.toml": `[plugin.good]\nuse = "./good.ts"\n`,
}

const beside = (table: string) => `${good["plugins.toml"]}${table}`

const works = async (hub: Hub) =>
  expect(await hub.ask("operation", "good_hello", { name: "you" })).toMatchObject({
    ok: { text: "hello you" },
  })

const everything = async (hub: Hub) => {
  const state = await hub.state("acme")
  expect(state.failure).toBeUndefined()
  expect(state).toMatchObject({
    id: "agent-acme",
    state: "ready",
    contributes: {
      agents: ["acme"],
      steps: ["acme_step"],
      conditions: ["acme_ready"],
      operations: ["acme_count"],
      sinks: ["acme-sink"],
    },
  })
  expect(await hub.ask("agent", "acme", { lines: ["say hello", "break"] })).toMatchObject({
    ok: {
      program: "acme",
      launch: { program: "acme", args: ["--loud", "hi"] },
      events: [
        { type: "agent_message", data: { text: "hello" } },
        { type: "output", data: { text: "break" } },
      ],
      answer: { text: "hello" },
    },
  })
  expect(await hub.ask("step", "acme_step", { text: "x" })).toMatchObject({ ok: { text: "rendered x" } })
  expect(await hub.ask("condition", "acme_ready", { at_least: 3 })).toMatchObject({
    ok: { holds: true, because: "4 is at least 3" },
  })
  expect(await hub.ask("operation", "acme_count", { by: 2 })).toMatchObject({ ok: { count: 2 } })
  expect(await hub.ask("operation", "acme_count", { by: 3 })).toMatchObject({ ok: { count: 5 } })
  expect(await hub.ask("operation", "acme_count", { by: -1 })).toMatchObject({
    failed: { code: "invalid", message: "cannot count down" },
  })
}

describe("one file with everything", () => {
  for (const isolation of ["none", "worker", "process"])
    test(`isolation = "${isolation}"`, async () => {
      const { home, hub } = hubWith({
        "acme.ts": fixture("acme.ts"),
        "plugins.toml": `[plugin.acme]\nuse = "./acme.ts"\nisolation = "${isolation}"\n[plugin.acme.config]\nflag = "--loud"\n`,
      })
      await everything(hub)
      await hub.ask("event", "r1", { type: "run_started", data: {} })
      await hub.ask("event", "r1", { type: "run_succeeded", data: {} })
      // The sink counts in its own storage; the operation waits for nothing, so ask until the second event is in; the test's limit ends it.
      let seen: unknown
      while (seen !== 2) seen = (await hub.ask("operation", "acme_count", { by: 0 })).ok.seen
      expect(seen).toBe(2)
      expect(existsSync(join(home, "node_modules"))).toBe(false)
    })
})

for (const isolation of ["none", "worker"])
  test(`the reference of a plugin comes from its own schemas (isolation = "${isolation}")`, async () => {
    const { hub } = hubWith({
      "acme.ts": fixture("acme.ts"),
      "plugins.toml": `[plugin.acme]\nuse = "./acme.ts"\nisolation = "${isolation}"\n`,
    })
    await hub.state("acme")
    const { ok } = await hub.ask("info", "agent-acme")
    expect(ok.config).toMatchObject([
      { key: "flag", description: "A flag for the program.", required: false, default: "--quiet" },
    ])
    expect(ok.contributions).toContainEqual({ kind: "agent", id: "acme", summary: "Runs Acme." })
    expect((await hub.ask("info", "nobody")).ok).toBeNull()
  })

test("a plugin shares the hub's Effect", async () => {
  const { hub } = hubWith(good)
  await works(hub)
  expect((await hub.ask("operation", "good_hello", { name: "you" })).ok.shared).toBe(true)
})

test("what a plugin contributes changes while it runs; a change that may not be ends it, and nobody else", async () => {
  const { hub } = hubWith({
    ...good,
    "acme.ts": `
      import { Effect, Schema, Stream, SubscriptionRef } from "effect"
      import { Operation, Plugin } from "hub/plugin"
      const hello = (name) => Operation.make({ name, summary: "Says hello.", input: Schema.Struct({}), output: Schema.String, readonly: true, run: () => Effect.succeed(name) })
      export default Plugin.define({ id: "test-acme", summary: "Changes.", config: Schema.Struct({}), setup: () => Effect.gen(function* () {
        const name = yield* SubscriptionRef.make("acme_first")
        const become = Operation.make({ name: "acme_become", summary: "Changes.", input: Schema.Struct({ name: Schema.String }), output: Schema.Struct({}), readonly: false, run: (input) => Effect.as(SubscriptionRef.set(name, input.name), {}) })
        const now = (name) => ({ operations: [become, hello(name)] })
        return { ...now("acme_first"), changes: Stream.map(SubscriptionRef.changes(name), now) }
      }) })`,
    "plugins.toml": beside(`[plugin.acme]\nuse = "./acme.ts"\n`),
  })
  await hub.state("acme")
  expect(await hub.ask("operation", "acme_first", {})).toMatchObject({ ok: "acme_first" })
  await hub.ask("operation", "acme_become", { name: "acme_second" })
  const { contributes } = await hub.state(
    "acme",
    ({ contributes }) => contributes["operations"]?.includes("acme_second") === true,
  )
  expect(contributes["operations"]).toEqual(["acme_become", "acme_second"])
  expect(await hub.ask("operation", "acme_second", {})).toMatchObject({ ok: "acme_second" })
  await hub.ask("operation", "acme_become", { name: "good_hello" })
  const { failure } = await hub.state("acme", ({ state }) => state === "failed")
  expect(failure).toEqual({
    phase: "register",
    detail: 'operation "good_hello" of "acme" is already contributed by plugin "good"',
  })
  await works(hub)
})

describe("its own packages", () => {
  const files = {
    ...good,
    "pack/index.ts": `
      import { Effect, Schema } from "effect"
      import { Operation, Plugin } from "hub/plugin"
      import { shout } from "loud"
      export default Plugin.define({ id: "test-pack", summary: "Uses a package.", config: Schema.Struct({}), setup: () => Effect.succeed({
        operations: [Operation.make({ name: "pack_shout", summary: "Shouts.", input: Schema.Struct({ text: Schema.String }), output: Schema.String, readonly: true, run: ({ text }) => Effect.succeed(shout(text)) })]
      }) })`,
    "pack/package.json": `{ "name": "pack", "dependencies": { "loud": "1.0.0" } }`,
    "pack/node_modules/loud/package.json": `{ "name": "loud", "version": "1.0.0", "type": "module", "exports": { ".": "./lib/main.js" } }`,
    "pack/node_modules/loud/lib/main.js": `export const shout = (text) => text.toUpperCase()`,
  }
  for (const isolation of ["none", "worker", "process"])
    test(`isolation = "${isolation}"`, async () => {
      const { hub } = hubWith({
        ...files,
        "plugins.toml": beside(`[plugin.pack]\nuse = "./pack"\nisolation = "${isolation}"\n`),
      })
      await hub.state("pack")
      expect(await hub.ask("operation", "pack_shout", { text: "hey" })).toMatchObject({ ok: "HEY" })
    })

  test("a package of plugins/node_modules is used by its name", async () => {
    const { hub } = hubWith({
      ...good,
      "plugins/node_modules/hub-good/package.json": `{ "name": "hub-good", "main": "good.ts" }`,
      "plugins/node_modules/hub-good/good.ts": good["good.ts"],
      "plugins.toml": `[plugin.packaged]\nuse = "hub-good"\n`,
    })
    expect(await hub.state("packaged")).toMatchObject({ state: "ready", id: "test-good" })
    await works(hub)
  })
})

/** A plugin with this body of setup, and this before it. */
const pluginOf = (setup: string, before = "") => `
import { Effect, Schema } from "effect"
import { Condition, Operation, Plugin, Sink } from "hub/plugin"
${before}
const operation = (name, run) => Operation.make({ name, summary: name, input: Schema.Struct({}), output: Schema.Unknown, readonly: true, run })
export default Plugin.define({ id: "test-bad", summary: "Bad.", config: Schema.Struct({ level: Schema.optionalKey(Schema.Int) }), setup: () => ${setup} })
`

const bad = (code: string, more = "") => ({
  ...good,
  "bad.ts": code,
  "plugins.toml": beside(`[plugin.bad]\nuse = "./bad.ts"\n${more}`),
})

const failed = async (hub: Hub, name: string, phase: string, ...parts: ReadonlyArray<string | RegExp>) => {
  const state = await hub.state(name)
  expect(state).toMatchObject({ instance: name, state: "failed", failure: { phase } })
  for (const part of parts) expect(state.failure?.detail).toMatch(part)
  await works(hub)
}

describe("a plugin that does not start", () => {
  const fails = async (
    files: Record<string, string>,
    phase: string,
    ...parts: ReadonlyArray<string | RegExp>
  ) => {
    const { hub } = hubWith(files)
    await failed(hub, "bad", phase, ...parts)
  }

  test("with a syntax error: file, line, column and the line", () =>
    fails(bad("export default {\n  let x: = 1\n}"), "import", /bad\.ts:2:\d+  /, "let x: = 1"))

  test("that throws on import: file and line", () =>
    fails(bad(`\nconst fine = 1\nthrow new Error("not today")`), "import", /bad\.ts:3:\d+  not today/))

  test("that imports what is missing: the name", () =>
    fails(bad(`import { x } from "left-pad"\nexport default x`), "import", "left-pad", "bad.ts"))

  test("that exports no plugin", () =>
    fails(bad("export const x = 1"), "import", "Plugin.define", "exports x"))

  test("that is not there", () =>
    fails(
      { ...good, "plugins.toml": beside(`[plugin.bad]\nuse = "./gone.ts"\n`) },
      "resolve",
      /plugins\.toml:4:7  plugin\.bad\.use: there is no file/,
    ))

  test("with a wrong config: file, line, key", () =>
    fails(
      bad(pluginOf("Effect.succeed({})"), `[plugin.bad.config]\nlevel = "high"\nlevle = 1\n`),
      "config",
      /plugins\.toml:6:9  plugin\.bad\.config\.level: /,
      /plugins\.toml:7:1  plugin\.bad\.config\.levle/,
    ))

  test("with a wrong config in a worker, likewise", () =>
    fails(
      bad(pluginOf("Effect.succeed({})"), `isolation = "worker"\n[plugin.bad.config]\nlevel = "high"\n`),
      "config",
      /plugins\.toml:7:9  plugin\.bad\.config\.level: /,
    ))

  test("that fails in setup: its own words", () =>
    fails(
      bad(pluginOf(`Effect.fail(new Plugin.SetupFailed({ message: "no account" }))`)),
      "setup",
      "no account",
    ))

  test("that calls process.exit in setup", () =>
    fails(bad(pluginOf("Effect.sync(() => process.exit(7))")), "setup", "process.exit(7)"))

  test("whose id another one has: both are named", () =>
    fails(
      bad(pluginOf(`Effect.succeed({ operations: [operation("good_hello", () => Effect.void)] })`)),
      "register",
      `operation "good_hello" of "bad" is already contributed by plugin "good"`,
    ))

  test("that takes an id of core", () =>
    fails(
      bad(pluginOf(`Effect.succeed({ operations: [operation("dispatch", () => Effect.void)] })`)),
      "register",
      "is already contributed by core",
    ))

  test("whose migration is refused", () =>
    fails(
      bad(pluginOf(`Effect.succeed({ migrations: [{ id: "0001", sql: "DROP TABLE runs" }] })`)),
      "migrate",
    ))

  test("that returns nothing", () =>
    fails(bad(pluginOf("Effect.void")), "register", "returned no contributions"))
})

/** All in one hub: they are given time enough for what comes before, and it passes once. */
describe("a plugin that does not start in time", () => {
  const loops = pluginOf("Effect.sync(() => { for (;;) {} })")
  const late: Readonly<
    Record<string, readonly [code: string, isolation: string, phase: string, ...parts: Array<string>]>
  > = {
    "hangs in setup": [pluginOf("Effect.never"), "none", "setup", "did not end within 8s", "isolation"],
    "hangs in setup where nothing can interrupt it": [
      pluginOf("Effect.uninterruptible(Effect.never)"),
      "none",
      "setup",
      "did not end within 8s",
    ],
    "hangs in setup, in a worker": [
      pluginOf("Effect.never"),
      "worker",
      "setup",
      "did not answer setup within 8s",
    ],
    "loops for ever on import, in a process": [
      "for (;;) {}",
      "process",
      "import",
      "did not answer initialize within 8s",
    ],
    "loops for ever in setup, in a worker": [loops, "worker", "setup", "did not answer setup within 8s"],
  }
  const names = Object.keys(late)
  const home = temp("late")
  let hub: Hub
  beforeAll(() => {
    const tables = names.map(
      (name, index) => `[plugin.late${index}]\nuse = "./late${index}.ts"\nisolation = "${late[name]?.[1]}"\n`,
    )
    const codes = names.map((name, index) => [`late${index}.ts`, late[name]?.[0] ?? ""])
    write(home, { ...good, ...Object.fromEntries(codes), "plugins.toml": beside(tables.join("")) })
    hub = start(binary, home, { setup: 8_000 })
  })
  afterAll(async () => {
    await hub.stop()
    remove(home)
  })

  for (const [index, [name, [, , phase, ...parts]]] of Object.entries(late).entries())
    test(name, () => failed(hub, `late${index}`, phase, ...parts))
})

describe("a plugin that breaks later", () => {
  const late = async (body: string, ...parts: ReadonlyArray<string | RegExp>) => {
    const { hub } = hubWith(
      bad(pluginOf(`Effect.succeed({ operations: [operation("bad_go", () => ${body})] })`)),
    )
    expect(await hub.state("bad")).toMatchObject({ state: "ready" })
    await hub.ask("operation", "bad_go", {})
    const state = await hub.state("bad", ({ state }) => state === "failed")
    expect(state.failure?.phase).toBe("late")
    for (const part of parts) expect(state.failure?.detail).toMatch(part)
    expect(await hub.ask("operation", "bad_go", {})).toMatchObject({
      failed: { message: "no operation bad_go" },
    })
    await works(hub)
  }

  test("by a throw from a timer", () =>
    late(
      `Effect.sync(() => { setTimeout(() => { throw new Error("too late") }, 1) })`,
      "too late",
      /bad\.ts:\d+:\d+/,
    ))
  test("by throwing a text from a timer", () =>
    late(`Effect.sync(() => { setTimeout(() => { throw "no error at all" }, 1) })`, "no error at all"))
  test("by a promise that nobody awaits", () =>
    late(`Effect.sync(() => { void (async () => { await 1; throw new Error("alone") })() })`, "alone"))
  test("by process.exit", () => late("Effect.sync(() => process.exit(7))", "called process.exit(7)"))
  test("by process.exit from a timer", () =>
    late("Effect.sync(() => { setTimeout(() => process.exit(7), 1) })", "called process.exit(7)"))
  test("by exit of node:process", () =>
    late(
      `Effect.promise(async () => { const { exit } = await import("node:process"); exit(9) })`,
      /ended the process|process\.exit/,
    ))
  test("by a signal to the hub", () =>
    late(`Effect.sync(() => process.kill(process.pid, "SIGKILL"))`, "sent itself SIGKILL"))

  test("in an operation: the caller gets the reason, the plugin stays and shows it", async () => {
    const { hub } = hubWith(
      bad(
        pluginOf(
          `Effect.succeed({ operations: [operation("bad_go", () => Effect.sync(() => null.x))], conditions: [Condition.make({ id: "bad_if", summary: "", config: Schema.Struct({}), holds: () => Effect.never })] })`,
        ),
      ),
      { answer: 300 },
    )
    await hub.state("bad")
    const { failed } = await hub.ask("operation", "bad_go", {})
    expect(failed).toMatchObject({ code: "internal" })
    expect(failed.message).toMatch(/plugin "bad": operation "bad_go": .*bad\.ts:\d+:\d+/)
    expect(await hub.state("bad", ({ failure }) => failure !== undefined)).toMatchObject({
      state: "ready",
      failure: { phase: "call" },
    })
    expect(await hub.ask("condition", "bad_if", {})).toMatchObject({
      failed: { class: "timed_out", message: expect.stringMatching(/did not end within 300ms/) },
    })
    await works(hub)
  })

  for (const isolation of ["worker", "process"]) {
    test(`by looping for ever in a ${isolation}: it is ended and started again, the hub answers meanwhile`, async () => {
      const code = pluginOf(
        `Effect.succeed({ operations: [operation("bad_loop", () => Effect.sync(() => { for (;;) {} })), operation("bad_ok", () => Effect.succeed("ok"))] })`,
      )
      const { hub } = hubWith(bad(code, `isolation = "${isolation}"\n`), { operation: 3_000 })
      expect(await hub.state("bad")).toMatchObject({ state: "ready" })
      // It is to be seen, however short it lasts.
      const failed = hub.state("bad", ({ state }) => state === "failed")
      const looping = hub.ask("operation", "bad_loop", {})
      await works(hub)
      const state = await failed
      expect(state.failure).toMatchObject({
        phase: "call",
        detail: expect.stringMatching(
          /did not answer operation\.run within 3s, and was ended\. It starts again in 1s \(1 of 3\)/,
        ),
      })
      expect((await looping).failed.message).toMatch(/did not answer/)
      expect(await hub.state("bad", ({ starts, state }) => state === "ready" && starts === 2)).toMatchObject({
        state: "ready",
      })
      expect(await hub.ask("operation", "bad_ok", {})).toMatchObject({ ok: "ok" })
    })

    test(`by process.exit in a ${isolation}: only the ${isolation} ends`, async () => {
      const code = pluginOf(
        `Effect.succeed({ operations: [operation("bad_go", () => Effect.sync(() => process.exit(3)))] })`,
      )
      const { hub } = hubWith(bad(code, `isolation = "${isolation}"\n`))
      await hub.state("bad")
      void hub.ask("operation", "bad_go", {})
      const state = await hub.state("bad", ({ state }) => state === "failed")
      expect(state.failure?.detail).toMatch(/ended with 3/)
      await works(hub)
    })

    test(`by a late throw in a ${isolation}`, async () => {
      const code = pluginOf(
        `Effect.succeed({ operations: [operation("bad_go", () => Effect.sync(() => { setTimeout(() => { throw new Error("too late") }, 1) }))] })`,
      )
      const { hub } = hubWith(bad(code, `isolation = "${isolation}"\n`))
      await hub.state("bad")
      const failed = hub.state("bad", ({ state }) => state === "failed")
      await hub.ask("operation", "bad_go", {})
      expect((await failed).failure?.detail).toMatch("too late")
      await works(hub)
    })
  }
})

test("a step that loops for ever in a worker: no sign of life, so it is ended", async () => {
  const code = `
import { Effect, Schema } from "effect"
import { Plugin, Step } from "hub/plugin"
export default Plugin.define({ id: "test-bad", summary: "Bad.", config: Schema.Struct({}), setup: () => Effect.succeed({
  steps: [Step.kind({ type: "bad_step", summary: "Loops.", config: Schema.Struct({}), run: () => Effect.sync(() => { for (;;) {} }) })]
}) })`
  const { hub } = hubWith(bad(code, `isolation = "worker"\n`), { heartbeat: 200 })
  await hub.state("bad")
  expect((await hub.ask("step", "bad_step", {})).failed).toMatchObject({
    class: "crashed",
    message: expect.stringMatching(/did not answer step\.run within 200ms/),
  })
  await works(hub)
})

describe("a plugin in Python", () => {
  const table = `[plugin.snake]\nuse = "./snake"\nisolation = "process"\ncommand = ["python3", "plugin.py"]\nenv = ["SNAKE_KEY"]\n[plugin.snake.config]\ngreeting = "hisss"\n`
  const files = { ...good, "snake/plugin.py": fixture("plugin.py"), "plugins.toml": beside(table) }

  test("contributes over the process protocol", async () => {
    const { hub } = hubWith(files, {}, { SNAKE_KEY: "k", OTHER_KEY: "secret" })
    expect(await hub.state("snake")).toMatchObject({
      state: "ready",
      id: "agent-snake",
      contributes: { agents: ["snake"], operations: ["snake_say", "snake_shed"], steps: ["snake_step"] },
    })
    const { ok } = await hub.ask("operation", "snake_say", { name: "you" })
    expect(ok).toMatchObject({ text: "hisss you", stored: "hisss you" })
    expect(ok.env).toContain("SNAKE_KEY")
    expect(ok.env).not.toContain("OTHER_KEY")
    expect(await hub.ask("agent", "snake", { lines: ["one", "two"] })).toMatchObject({
      ok: { launch: { program: "snake" }, answer: { text: "two" } },
    })
    expect(await hub.ask("agent", "snake", { lines: [], request: { prompt: "quota" } })).toMatchObject({
      failed: { class: "quota_exhausted", message: "no mice left" },
    })
    expect(await hub.ask("step", "snake_step", {})).toMatchObject({ ok: { text: "rendered {{ run.id }}" } })
    expect(await hub.ask("operation", "snake_say", { name: 1 })).toMatchObject({
      failed: { code: "invalid" },
    })
  })

  test("asks, tells how far it is, and answers requests", async () => {
    const { hub } = hubWith(files)
    await hub.state("snake")
    expect(await hub.ask("call", "snake_shed", { input: {} })).toMatchObject({
      failed: { code: "input_required", details: { questions: { sure: { kind: "form" } } } },
    })
    const replies = { sure: { action: "accept" } }
    expect((await hub.ask("call", "snake_shed", { input: {}, replies })).ok).toEqual({
      answered: { output: { action: "accept" }, text: "1 skin" },
      said: [{ done: 1, total: 1 }],
    })
    const request = { url: "http://hub/x/snake/skins/7", params: { id: "7" } }
    expect((await hub.ask("route", "GET /skins/:id", request)).ok).toMatchObject({
      status: 200,
      body: "skin 7",
    })
  })

  test("that writes no JSON is ended, with the line", async () => {
    const { hub } = hubWith({
      ...files,
      "snake/plugin.py": `print("Traceback, most likely", flush=True)\nimport time\ntime.sleep(60)`,
    })
    expect((await hub.state("snake")).failure).toMatchObject({
      phase: "import",
      detail: expect.stringMatching("Traceback, most likely"),
    })
    await works(hub)
  })

  test("that ends at once tells what it wrote to stderr", async () => {
    const { hub } = hubWith({ ...files, "snake/plugin.py": `import no_such_module` })
    expect((await hub.state("snake")).failure).toMatchObject({
      phase: "import",
      detail: expect.stringMatching("no_such_module"),
    })
    await works(hub)
  })

  test("ends with the hub", async () => {
    const { home, hub } = hubWith(files)
    await hub.state("snake")
    const pid = Number((await hub.ask("operation", "snake_say", { name: "pid" })).ok.pid)
    expect(() => process.kill(pid, 0)).not.toThrow()
    await hub.stop()
    expect(() => process.kill(pid, 0)).toThrow()
    expect(existsSync(home)).toBe(true)
  })
})

for (const isolation of ["worker", "process"])
  test(`a hub that is killed leaves no plugin behind (isolation = "${isolation}")`, async () => {
    const code = pluginOf(
      `Effect.succeed({ operations: [operation("bad_pid", () => Effect.succeed(process.pid))] })`,
    )
    const { home, hub } = hubWith(bad(code, `isolation = "${isolation}"\n`))
    await hub.state("bad")
    const pid = Number((await hub.ask("operation", "bad_pid", {})).ok)
    expect(pid === hub.pid).toBe(isolation === "worker")
    open.pop()
    await hub.kill()
    await gone(pid)
    remove(home)
  })

/** Waits for the end of a process that is no child of ours. */
const gone = async (pid: number) => {
  for (;;) {
    try {
      process.kill(pid, 0)
      // A zombie has ended; whether someone reaps it is not ours to test.
      const stat = `/proc/${pid}/stat`
      if (existsSync(stat) && readFileSync(stat, "utf8").includes(") Z ")) return
    } catch {
      return
    }
    await new Promise((done) => setImmediate(done))
  }
}

describe("changes while the hub runs", () => {
  const versioned = (text: string) => ({ "helper.ts": `export const text = ${JSON.stringify(text)}` })
  const files = {
    ...good,
    ...versioned("one"),
    "bad.ts": `import { text } from "./helper.ts"\n${pluginOf(`Effect.succeed({ operations: [operation("bad_text", () => Effect.succeed(text))] })`)}`,
    "plugins.toml": beside(`[plugin.bad]\nuse = "./bad.ts"\n`),
  }
  const starts = (count: number) => (state: { readonly starts: number; readonly state: string }) =>
    state.starts === count && state.state !== "starting"

  for (const isolation of ["none", "worker", "process"])
    test(`of a file that the plugin imports: it starts anew, the others are left alone (isolation = "${isolation}")`, async () => {
      const { home, hub } = hubWith({
        ...files,
        "plugins.toml": beside(`[plugin.bad]\nuse = "./bad.ts"\nisolation = "${isolation}"\n`),
      })
      await hub.state("bad")
      expect(await hub.ask("operation", "bad_text", {})).toMatchObject({ ok: "one" })
      write(home, versioned("two"))
      await hub.state("bad", starts(2))
      expect(await hub.ask("operation", "bad_text", {})).toMatchObject({ ok: "two" })
      expect(await hub.state("good")).toMatchObject({ starts: 1, state: "ready" })
    })

  test("that break it are shown, and mended by the next one", async () => {
    const { home, hub } = hubWith(files)
    await hub.state("bad")
    // In place, as some editors do: the hub may come upon an empty file first.
    const helper = (text: string) => writeFileSync(join(home, "helper.ts"), text)
    helper("export const text = ;")
    const isToldWhere = ({ failure }: { readonly failure?: { readonly detail: string } | undefined }) =>
      /helper\.ts:1:\d+/.test(failure?.detail ?? "")
    expect((await hub.state("bad", isToldWhere)).failure).toMatchObject({ phase: "import" })
    helper(versioned("three")["helper.ts"])
    await hub.state("bad", ({ state }) => state === "ready")
    expect(await hub.ask("operation", "bad_text", {})).toMatchObject({ ok: "three" })
  })

  test("of plugins.toml: added, changed and removed", async () => {
    const { home, hub } = hubWith(files)
    await hub.state("bad")
    write(home, {
      "plugins.toml": beside(`[plugin.bad]\nuse = "./bad.ts"\n[plugin.bad.config]\nlevel = 2\n`),
    })
    await hub.state("bad", starts(2))
    write(home, { "plugins.toml": beside(`[plugin.more]\nuse = "./bad.ts"\n`) })
    expect(await hub.state("more")).toMatchObject({ state: "ready" })
    expect(await hub.state("good")).toMatchObject({ starts: 1 })
  })

  test("of plugins.toml that break it: the plugins run on, and the reason is told", async () => {
    const { home, hub } = hubWith(files)
    await hub.state("bad")
    write(home, { "plugins.toml": "[plugin.good\n" })
    let problem: any
    while (problem == null) problem = (await hub.ask("problem", "", {})).ok
    expect(problem).toMatchObject({ _tag: "TomlSyntax", line: 1 })
    await works(hub)
  })
})

describe("plugins.toml", () => {
  test("says everything that is wrong with it", async () => {
    const { hub } = hubWith({
      ...good,
      "plugins.toml": `[plugin.a]\nuze = "x"\nisolation = "thread"\n[plugin."B C"]\nuse = "y"\n`,
    })
    const text = await hub.refused
    for (const part of [
      /plugins\.toml:1:1.*plugin\.a\.use|plugin\.a.*use/,
      /plugins\.toml:2:1.*uze/,
      /plugins\.toml:3:13.*isolation/,
      "B C",
    ])
      expect(text).toMatch(part)
    remove(open.pop()?.home ?? "")
  })

  test("with a required plugin that fails: the hub says why it does not start", async () => {
    const { hub } = hubWith(bad('throw new Error("no")', `startup = "required"\n`))
    const text = await hub.refused
    expect(text).toMatch(/plugin "bad" failed in import: .*bad\.ts:1:\d+/)
    expect(text).toMatch("optional")
    remove(open.pop()?.home ?? "")
  })

  test("with a plugin that nobody knows", async () => {
    const { hub } = hubWith({ ...good, "plugins.toml": beside(`[plugin.bad]\nuse = "agent-clod"\n`) })
    expect((await hub.state("bad")).failure).toMatchObject({
      phase: "resolve",
      detail: expect.stringMatching(/plugins\.toml:4:7.*no built-in plugin "agent-clod"/),
    })
    await works(hub)
  })
})

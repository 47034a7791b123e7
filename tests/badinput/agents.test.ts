/** Agents that are not there, that cannot be started, that are asked for what they lack, or that were described wrongly. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { ensureBuilt } from "../../bin/binary.ts"
import { documentOf, type Home, makeHome, run, Server } from "../support/hub.ts"
import { refused } from "./refused.ts"

const described = (id: string, rest: string): string =>
  `[plugin.${id}]\nuse = "agent-command"\n[plugin.${id}.config]\n${rest}\n`

/** As files in the folder `bin`, with the failure that each one is. */
const programs: Readonly<Record<string, readonly [make: (file: string) => void, failure: string]>> = {
  "not-there": [() => {}, "missing_program: cannot start .* it does not exist"],
  "not-executable": [
    (file) => fs.writeFileSync(file, "#!/bin/sh\n"),
    "missing_program: .* permission denied",
  ],
  "a-folder": [(file) => fs.mkdirSync(file), "missing_program: .* it is not a file"],
  "a-dangling-link": [(file) => fs.symlinkSync("/no/where", file), "missing_program: .* it does not exist"],
  "a-link-to-itself": [
    (file) => fs.symlinkSync(file, file),
    "missing_program: .* a link in its path leads back to itself",
  ],
  "without-interpreter": [
    (file) => script(file, "", "/no/interpreter"),
    "missing_program: .* its interpreter /no/interpreter does not exist",
  ],
  "of-another-machine": [
    (file) => fs.writeFileSync(file, "\u007fELF odd", { mode: 0o755 }),
    "crashed: .* exit 126: .*Exec format error",
  ],
  "fails-at-once": [(file) => script(file, "exit 3"), "crashed: .* ended with exit 3 and said nothing"],
  "closes-all": [
    (file) => script(file, "exec <&- >&- 2>&-\nexit 1"),
    "crashed: .* ended with exit 1 and said nothing",
  ],
  "fails-without-measure": [
    (file) => script(file, "yes 'no, not today' | head -c 64000000 >&2\necho 'that is all' >&2\nexit 2"),
    "crashed: .* ended with exit 2: .*that is all",
  ],
}

const script = (file: string, text: string, interpreter = "/bin/sh") =>
  fs.writeFileSync(file, `#!${interpreter}\n${text}\n`, { mode: 0o755 })

/** What each one answers, asked by a prompt of two megabytes. */
const answering: Readonly<Record<string, readonly [text: string, answer: string]>> = {
  "ends-at-once": ["exit 0", ""],
  "never-reads": ["echo fine", "fine"],
  "closes-stdout": ["exec >&-\ncat > /dev/null", ""],
  "one-line": ["head -c 40000000 /dev/zero | tr '\\0' a", "a".repeat(65_536)],
  "one-line-ended": ["head -c 40000000 /dev/zero | tr '\\0' a; echo", "a".repeat(65_536)],
  counts: ["wc -c | tr -d ' '", "2000000"],
}

let home: Home
let server: Server

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({ "work/mine.txt": "mine" })
  const bin = path.join(home.path, "bin")
  fs.mkdirSync(bin)
  for (const [name, [make]] of Object.entries(programs)) make(path.join(bin, name))
  for (const [name, [text]] of Object.entries(answering)) script(path.join(bin, name), text)
  const known = [...Object.keys(programs), ...Object.keys(answering)]
  const plugins = [
    ...known.map((name) => described(name, `program = "${path.join(bin, name)}"`)),
    described("echo", 'program = "cat"'),
    described("argued", 'program = "echo"\nprompt = "argument"\nargs = ["--", "{{ prompt }}"]'),
    described(
      "able",
      'program = "cat"\nargs = [["--model", "{{ model }}"], ["--schema", "{{ output_schema }}"]]',
    ),
    '[plugin.claude]\nuse = "agent-claude"\n',
  ]
  home.write("hub/plugins.toml", plugins.join("\n"))
  server = new Server(home)
  await server.initialize()
}, 120_000)

afterAll(async () => {
  expect(await server.close()).toBe(0)
  home.remove()
})

const dispatch = (agent: string, more: ReadonlyArray<string> = [], stdin = "hi") =>
  run(
    home,
    ["dispatch", "--wait", "--json", "--cwd", path.join(home.path, "work"), "--agent", agent, ...more, "-"],
    {
      stdin,
    },
  )

describe("an agent that does not exist", () => {
  const pipeline = 'run = ["a"]\n[step.a]\ntype = "agent"\nagent = "ehco"\nprompt = "p"\n'
  const asked: ReadonlyArray<readonly [args: ReadonlyArray<string>, close: string, other: string]> = [
    [["dispatch", "--agent", "ehco", "hi"], "echo", "claude"],
    [["dispatch", "--agent", "echo", "--fallback", "cluade", "hi"], "claude", "echo"],
    [["dispatch", "--pipeline", "wrong", "hi"], "echo", "claude"],
    [["doctor", "agents", "ehco"], "echo", "claude"],
    [["agent", "record", "cluade"], "claude", "codex"],
    [["agent", "recipe", "aidr"], "aider", "goose"],
    [["install", "cluade"], "claude", "codex"],
    [["uninstall", "cluade"], "claude", "codex"],
  ]

  beforeAll(() => home.write("hub/pipelines/wrong.toml", pipeline))

  test("is refused by every command, with the nearest name and the others", async () => {
    for (const [args, close, other] of asked) {
      const message = await refused(home, 2, args)
      expect(message).toContain(`Did you mean "${close}"? Known: `)
      expect(message.slice(message.indexOf("Known: "))).toContain(other)
    }
    expect(fs.readdirSync(path.join(home.path, "work"))).toEqual(["mine.txt"])
  }, 30_000)

  test("is refused over MCP in the same words", async () => {
    const asking = server.tool("dispatch", { agent: "ehco", cwd: home.path, prompt: "hi" })
    await expect(asking).rejects.toThrow('no agent \\"ehco\\". Did you mean \\"echo\\"? Known: ')
  })
})

test("what cannot be asked of an agent is refused in words, before there is a run", async () => {
  const before = (await run(home, ["runs", "list", "--json"])).out
  const asked: ReadonlyArray<readonly [more: ReadonlyArray<string>, said: string]> = [
    [["--session", "a b"], "an id of at most 200 characters without spaces and braces"],
    [["--session", "{{ input.x }}"], "without spaces and braces"],
    [["--session", "s".repeat(201)], "at most 200 characters"],
    [["--fork"], "branches off no session: say which one with session"],
    [["--permission", "all"], "restricted"],
    [["--permission", "ask"], 'cannot work with permission "ask"'],
  ]
  for (const [more, said] of asked)
    expect(await refused(home, 2, ["dispatch", "--agent", "claude", ...more, "hi"])).toContain(said)
  expect((await run(home, ["runs", "list", "--json"])).out).toBe(before)
}, 30_000)

describe("a program that", () => {
  for (const [name, [, failure]] of Object.entries(programs))
    test(`is ${name}: a failure with its class, and a fallback moves on`, async () => {
      const ended = await dispatch(name, ["--fallback", "echo"])
      expect(documentOf(ended)).toMatchObject({ state: "succeeded", answer: "hi", answered_by: "echo" })
      const alone = await run(home, ["dispatch", "--wait", "--agent", name, "hi"])
      expect(alone).toMatchObject({ code: 1, out: "" })
      expect(alone.err).toMatch(new RegExp(`^hub: ${failure}`))
      expect(alone.err).not.toMatch(/\n\s+at |ENOENT|ELOOP|EACCES/)
    }, 30_000)

  for (const [name, [, answer]] of Object.entries(answering))
    test(`${name}: answers, whatever it was asked`, async () => {
      const ended = await dispatch(name, [], "x".repeat(2_000_000))
      expect(documentOf(ended)).toMatchObject({ state: "succeeded", answer })
    }, 30_000)

  test("takes its prompt as an argument is not given what none can carry", async () => {
    for (const [prompt, said] of [
      ["a\0b", "NUL"],
      ["x".repeat(2_000_000), "120 KB"],
    ] as const) {
      const ended = documentOf<{ failure: unknown }>(await dispatch("argued", [], prompt))
      expect(ended.failure).toMatchObject({
        class: "adapter_mismatch",
        message: expect.stringContaining(said),
      })
    }
  })

  test("what was tried left nothing in the folder of the work", () =>
    expect(fs.readdirSync(path.join(home.path, "work"))).toEqual(["mine.txt"]))
})

describe("what a step asks of its agent", () => {
  const step = (agent: string, rest: string) =>
    `run = ["a"]\n[step.a]\ntype = "agent"\nagent = "${agent}"\nprompt = "{{ run.prompt }}"\n${rest}\n`
  const deep = `output_schema = '${'{"items":'.repeat(20_000)}{}${"}".repeat(20_000)}'`

  const wrong: ReadonlyArray<readonly [agent: string, rest: string, place: string, said: string]> = [
    ["echo", 'permission = "bypass"', "6:14  step.a.permission", "It takes none"],
    [
      "claude",
      'permission = "root"',
      "6:14  step.a.permission",
      'expected one of "restricted", "ask", "auto", "bypass"',
    ],
    ["echo", 'model = "m"', "6:9  step.a.model", "cannot be given a model"],
    ["echo", 'session = "continue"', "6:11  step.a.session", "cannot go on with a session"],
    ["able", 'env = { "A=B" = "x" }', '6:17  step.a.env."A=B"', "is no name of a variable"],
    ["able", 'env = { A = "x\\u0000" }', "6:13  step.a.env.A", "holds a NUL"],
    [
      "able",
      'output_schema = { type = "strnig" }',
      "6:26  step.a.output_schema.type",
      '"type" must be one of',
    ],
    [
      "able",
      'output_schema = { properties = { size = { minimum = "low" } } }',
      "6:53  step.a.output_schema.properties.size.minimum",
      '"minimum" must be a number, not "low"',
    ],
    [
      "able",
      `output_schema = '{"required": "a"}'`,
      "6:17  step.a.output_schema.required",
      "list of different names",
    ],
    ["able", "output_schema = '{'", "6:17  step.a.output_schema", "JSON"],
    [
      "able",
      'output_schema = { "$ref" = "#" }',
      "6:17  step.a.output_schema",
      "refers to itself without end",
    ],
    ["able", deep, "6:17  step.a.output_schema", "nested deeper than 100 levels"],
  ]

  test("and cannot have is refused before anything starts, with its place", async () => {
    for (const [agent, rest, place, said] of wrong) {
      home.write("hub/pipelines/asks.toml", step(agent, rest))
      const message = await refused(home, 2, ["dispatch", "--pipeline", "asks", "hi"])
      expect(message).toContain(`asks.toml:${place}: `)
      expect(message).toContain(said)
      const lint = await run(home, ["pipeline", "lint", "asks"])
      expect(lint.code).toBe(2)
      expect(lint.out).toContain(message.split("\n")[0] ?? "")
      const told = await server.tool<{ diagnostics: ReadonlyArray<{ message: string }> }>("lint_pipeline", {
        file: "asks.toml",
        text: step(agent, rest),
      })
      expect(told.diagnostics.map((one) => one.message).join("\n")).toContain(said)
    }
  }, 60_000)

  test("a model that is a flag to the program never reaches it, and a fallback moves on", async () => {
    home.write(
      "hub/pipelines/flag.toml",
      'run = ["f"]\n[step.f]\ntype = "fallback"\ntry = ["a", "b"]\n' +
        '[step.a]\ntype = "agent"\nagent = "able"\nprompt = "p"\nmodel = "--help"\n' +
        '[step.b]\ntype = "agent"\nagent = "echo"\nprompt = "p"\n',
    )
    const ended = documentOf(await run(home, ["dispatch", "--wait", "--json", "--pipeline", "flag", "hi"]))
    expect(ended).toMatchObject({ state: "succeeded", answered_by: "b" })
    const why = await run(home, ["why", String(ended["run_id"])])
    expect(why.out).toContain("adapter_mismatch")
    expect(why.out).toContain('the model "--help" as a flag')
  })

  test("a large schema is held to", async () => {
    const all = JSON.stringify({ enum: Array.from({ length: 20_000 }, (_, n) => `word-${n}`) })
    home.write("hub/pipelines/large.toml", step("able", `output_schema = '${all}'`))
    const ended = await run(home, ["dispatch", "--wait", "--json", "--pipeline", "large", "hi"])
    expect(documentOf(ended)).toMatchObject({ state: "failed" })
  })
})

describe("an agent in plugins.toml", () => {
  const wrong: ReadonlyArray<readonly [config: string, said: string]> = [
    ["", ":3:1  plugin.x.config.program: is required"],
    ["program = 3", ":4:11  plugin.x.config.program: expected a string, got 3"],
    ['program = "./acme"', ":4:11  plugin.x.config.program: must be a name on PATH, or an absolute path"],
    ['program = "x"\nargs = "-x"', ":5:8  plugin.x.config.args: expected a list"],
    ['program = "x"\nargs = ["{{ modle }}"]', '.args[0]: no variable "modle". Known: prompt, '],
    ['program = "x"\nargs = ["{{ model }"]', ".args[0]: {{ is never closed"],
    ['program = "x"\nargs = [[]]', ".args[0]: expected a value with a length of at least 1"],
    ['program = "x"\nprompt = "argument"', '.args: lacks "{{ prompt }}"'],
    ['program = "x"\nprompt = "file"', '.args: lacks "{{ prompt_file }}"'],
    ['program = "x"\noutput = "xml"', '.output: expected one of "text", "json-lines", "json"'],
    ['program = "x"\npermission = { root = ["-r"] }', '.permission.root: unknown key "root". Known: '],
    ['program = "x"\npermission = { auto = ["-r"] }', '.args: lacks "{{ permission }}"'],
    ['program = "x"\nmodel = "m"', ".model: is never handed over"],
    ['program = "x"\nenv = { "A=B" = "x" }', "is no name of a variable"],
    ['program = "x"\nanswer_max_bytes = 0', ".answer_max_bytes: expected a value between"],
    ['program = "x"\nprogam = "y"', '.progam: unknown key "progam". Did you mean "program"?'],
    [
      'program = "x"\noutput = "json-lines"\nevent = [{ when = { a = 1 }, as = "asnwer" }]',
      ".event[0].as: expected one of",
    ],
    ['program = "x"\nfailure = [{ class = "ratelimited", exit = 1 }]', 'Did you mean "rate_limited"?'],
    [
      'program = "x"\nfailure = [{ class = "auth", matches = "(" }]',
      ".failure[0].matches: Invalid regular expr",
    ],
    [
      'program = "x"\nfailure = [{ class = "auth" }]',
      ".failure[0]: says nothing: give it exit, matches or when",
    ],
    ['program = "x"\nfailure = [{ class = "auth", exit = 300 }]', "between 0 and 255"],
  ]

  test("is told every mistake with its place", async () => {
    const other = makeHome()
    try {
      for (const [config, said] of wrong) {
        other.write("hub/plugins.toml", described("x", config))
        const checked = await run(other, ["check"])
        expect(checked.code).toBe(2)
        expect(checked.out).toContain(said)
        expect(checked.out).toContain("plugin.x.config")
      }
    } finally {
      other.remove()
    }
  }, 60_000)
})

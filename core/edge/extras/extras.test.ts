import { expect, test } from "bun:test"
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import type { empty } from "../../plugin/Catalogue.ts"
import { live, tempHome } from "../../testing/effect.ts"
import { localDoor } from "../Call.ts"
import { run } from "../Cli.ts"
import type { Command } from "../cli/Command.ts"
import { type Door, HubUnreachable } from "../Door.ts"
import { catalogueOf } from "../fixtures/handles.ts"
import { checkCommand, type Validators } from "./Check.ts"
import { doctorCommand, inspect } from "./Doctor.ts"
import { fences, kindOf } from "./Fences.ts"
import { initCommand } from "./Init.ts"

/** One command in this process. */
const hub = (
  command: Command,
  argv: ReadonlyArray<string>,
  given: { home: string; cwd?: string; door?: Door },
) =>
  Effect.gen(function* () {
    const written = { out: "", err: "" }
    const sink = (name: "out" | "err") => ({
      write: (text: string, done: () => void) => {
        written[name] += text
        done()
      },
    })
    const code = yield* run({
      argv,
      version: "1.2.3",
      home: given.home,
      cwd: given.cwd ?? given.home,
      env: { PATH: process.env["PATH"] },
      core: [],
      extras: [command],
      connect: () =>
        given.door === undefined
          ? Effect.fail(new HubUnreachable({ home: given.home, message: "No hub." }))
          : Effect.succeed(given.door),
      stdin: (async function* () {})(),
      stdout: sink("out"),
      stderr: sink("err"),
      interrupted: Effect.never,
    })
    return { code, ...written }
  })

const init = initCommand({ plugins: "# the default\n" })

live(
  "init makes a private home, says what is next, and changes nothing the second time",
  Layer.empty,
  Effect.gen(function* () {
    const home = join(yield* tempHome, "own hub")
    const first = yield* hub(init, ["init"], { home })
    expect([first.code, first.err]).toEqual([0, ""])
    expect(first.out).toContain(`made  ${home}/plugins.toml`)
    expect(first.out).toContain("hub doctor")
    expect(statSync(home).mode & 0o777).toBe(0o700)
    expect(statSync(join(home, "plugins.toml")).mode & 0o777).toBe(0o600)
    writeFileSync(join(home, "plugins.toml"), "# mine\n")
    const second = yield* hub(init, ["init", "--json"], { home })
    expect(JSON.parse(second.out)).toEqual({ home, created: [], kept: ["plugins.toml", "projects.toml"] })
    expect(readFileSync(join(home, "plugins.toml"), "utf8")).toBe("# mine\n")
  }),
)

live(
  "init says why a home cannot be, and makes no folder above it",
  Layer.empty,
  Effect.gen(function* () {
    const folder = yield* tempHome
    const missing = yield* hub(init, ["init"], { home: join(folder, "not/mounted") })
    expect([missing.code, existsSync(join(folder, "not"))]).toEqual([2, false])
    expect(missing.err).toContain("the folder above it is not there")
    writeFileSync(join(folder, "file"), "")
    expect((yield* hub(init, ["init"], { home: join(folder, "file") })).err).toContain(
      "no folder stands there",
    )
  }),
)

const found = (file: string, line: number, message: string) => [
  { file, line, column: 1, path: "", message, severity: "error" as const },
]
const validators: Validators = {
  plugins: ({ file }) => Effect.succeed(found(file, 1, "as plugins")),
  projects: ({ file }) => Effect.succeed(found(file, 1, "as projects")),
  pipeline: ({ file, text }) => Effect.succeed(text.includes("bad") ? found(file, 2, "as pipeline") : []),
  toml: ({ file, text }) => Effect.succeed(text.includes("=") ? [] : found(file, 1, "as toml")),
}
const check = checkCommand(validators)

const markdown = `# Doc
\`\`\`toml
run = ["a"]
bad = 1
\`\`\`
- in a list:
  ~~~TOML plugins.toml
  [a]
  ~~~
\`\`\`toml
[project.x]
\`\`\`
\`\`\`toml other
[step.a]
x = 1
\`\`\`
\`\`\`\`md
\`\`\`toml
run = ["bad"]
\`\`\`
\`\`\`\`
\`\`\`toml
never closed`

test("a fence is told by its info string, else by its content", () => {
  expect(fences(markdown)).toEqual([
    { kind: "pipeline", text: 'run = ["a"]\nbad = 1\n', line: 2, column: 0 },
    { kind: "plugins", text: "[a]\n", line: 7, column: 2 },
    { kind: "projects", text: "[project.x]\n", line: 10, column: 0 },
    { kind: "toml", text: "[step.a]\nx = 1\n", line: 13, column: 0 },
    { kind: "toml", text: "never closed\n", line: 22, column: 0 },
  ])
  expect(["[plugin.a]", "[project.b]", "[[test]]", "[step.x]", 'run = ["a"]', "a = 1"].map(kindOf)).toEqual([
    "plugins",
    "projects",
    "pipeline",
    "pipeline",
    "pipeline",
    "toml",
  ])
})

live(
  "check reads files, folders and Markdown, and gives the place in the file",
  Layer.empty,
  Effect.gen(function* () {
    const cwd = yield* tempHome
    mkdirSync(join(cwd, "docs/node_modules"), { recursive: true })
    writeFileSync(join(cwd, "docs/a.md"), markdown)
    writeFileSync(join(cwd, "docs/node_modules/b.toml"), "nothing")
    writeFileSync(join(cwd, "docs/plugins.toml"), "x = 1")
    writeFileSync(join(cwd, "c.toml"), "run = []\n")
    const { code, out } = yield* hub(check, ["check", "docs", "c.toml"], { home: "/nowhere", cwd })
    expect(code).toBe(2)
    expect(out.trimEnd().split("\n")).toEqual([
      "docs/a.md:4:1  as pipeline",
      "docs/a.md:8:3  as plugins",
      "docs/a.md:11:1  as projects",
      "docs/a.md:23:1  as toml",
      "docs/plugins.toml:1:1  as plugins",
      "3 files. 5 errors, 0 warnings",
    ])
    expect(yield* hub(check, ["check", "c.toml"], { home: "/nowhere", cwd })).toMatchObject({
      code: 0,
      out: "1 file. No errors.\n",
    })
    expect((yield* hub(check, ["check", "none.toml"], { home: "/nowhere", cwd })).err).toContain(
      "there is no such file",
    )
  }),
)

live(
  "without files check takes those of the home",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    expect((yield* hub(check, ["check"], { home })).out).toBe("0 files. No errors.\n")
    mkdirSync(join(home, "pipelines"))
    writeFileSync(join(home, "pipelines/x.toml"), "bad\n")
    writeFileSync(join(home, "projects.toml"), "\n")
    const { output } = {
      output: JSON.parse((yield* hub(check, ["check", "--json"], { home, cwd: "/" })).out) as {
        files: number
        errors: number
      },
    }
    expect(output).toMatchObject({ files: 2, errors: 2 })
  }),
)

const doctor = doctorCommand({
  program: "/opt/hub",
  checks: [
    { id: "database", check: () => Effect.succeed([{ level: "ok", text: "readable" }]) },
    { id: "broken", check: () => Effect.die(new Error("a bug")) },
  ],
  known: [
    { name: "acme-coder", program: "sh", how: "Run `hub agent recipe acme-coder`." },
    { name: "codex", program: "codex", how: "" },
  ],
})

const catalogue = {
  ...catalogueOf([]),
  plugins: [
    {
      instance: "acme",
      use: "./acme.ts",
      isolation: "none",
      startup: "required",
      state: "failed",
      failure: { phase: "import", detail: "a.ts:1:2 syntax" },
      contributes: {},
      starts: 1,
    },
    {
      instance: "fine",
      use: "fine",
      isolation: "none",
      startup: "optional",
      state: "ready",
      contributes: {},
      starts: 1,
    },
  ],
  doctor: [
    {
      plugin: "fine",
      id: "fine-check",
      summary: "",
      check: Effect.succeed([{ level: "warning", text: "old", advice: "Update." }]),
    },
    { plugin: "fine", id: "throws", summary: "", check: Effect.die("boom") },
  ],
  agents: new Map([
    [
      "claude",
      {
        id: "claude",
        probe: Effect.succeed({
          installed: true,
          version: "2.1",
          path: "/bin/claude",
          logged_in: false,
          notes: [],
        }),
      },
    ],
    [
      "codex",
      {
        id: "codex",
        probe: Effect.succeed({ installed: false, notes: ['cannot start "codex": not found on PATH'] }),
      },
    ],
    ["remote", { id: "remote", probe: undefined }],
  ]),
} as never as typeof empty

const doorWithInspect = Effect.sync((): Door => {
  const operation = inspect({ current: Effect.succeed(catalogue) })
  const handle = {
    ...operation,
    plugin: "core",
    title: undefined,
    destructive: false,
    print: undefined,
  } as never
  return localDoor({ current: Effect.succeed(catalogueOf([handle])) })
})

live(
  "doctor says what stands in the way, with advice, and is exit code 1 then",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    const { code, out } = yield* hub(doctor, ["doctor"], { home, door: yield* doorWithInspect })
    expect(code).toBe(1)
    for (const line of [
      `ok       home        ${home} is private`,
      "ok       database    readable",
      "warning  broken      the check broken broke: Error: a bug",
      "error    plugins     acme failed in import: a.ts:1:2 syntax",
      "ok       plugins     fine is ready",
      "warning  fine-check  old\n                     Update.",
      "warning  throws      the check throws broke: boom",
      "ok       claude      2.1, /bin/claude",
      "warning  claude      not logged in",
      'warning  codex       not installed: cannot start "codex": not found on PATH',
      "ok       agents      known, and not set up: acme-coder. On PATH: acme-coder\n                     Run `hub agent recipe acme-coder`.",
    ])
      expect(out).toContain(line)
    expect(out.match(/warning  codex/g)).toHaveLength(1)
    expect(out.trimEnd()).toEndWith("1 thing stands in the way.")
  }),
)

live(
  "doctor works without a hub, and finds a home that others may read",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    chmodSync(home, 0o755)
    const { code, out } = yield* hub(doctor, ["doctor", "--json"], { home })
    const { sections } = JSON.parse(out) as {
      sections: ReadonlyArray<{
        id: string
        findings: ReadonlyArray<{ level: string; text: string; advice?: string }>
      }>
    }
    const of = (id: string) => sections.find((one) => one.id === id)?.findings[0]
    expect(code).toBe(1)
    expect(of("home")).toEqual({
      level: "error",
      text: `others on this machine may read ${home}`,
      advice: `Run: chmod go= "${home}"`,
    })
    expect(of("plugins")).toEqual({ level: "error", text: "No hub." })
  }),
)

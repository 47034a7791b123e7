import { expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { live, tempHome } from "../../testing/effect.ts"
import type { Command } from "../cli/Command.ts"
import { oneCommand } from "../fixtures/oneCommand.ts"
import { checkCommand, type Validators } from "./Check.ts"
import { fences, kindOf } from "./Fences.ts"
import { initCommand } from "./Init.ts"

const hub = (command: Command, argv: ReadonlyArray<string>, given: { home: string; cwd?: string }) =>
  oneCommand({ extras: [command], argv, ...given })

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

/** What an author gets from the binary alone: a folder that passes its tests and type-checks, without any network. */
/* oxlint-disable typescript/no-explicit-any -- reports are JSON */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { compile, once, remove, temp, write } from "./binary.ts"

let folder = ""
let binary = ""
beforeAll(async () => {
  folder = temp("author")
  binary = await compile(folder)
}, 120_000)
afterAll(() => remove(folder))

const create = async (id: string) => {
  const made = await once(binary, join(folder, "home"), "new", id, folder)
  expect(made).toMatchObject({ ok: { folder: join(folder, id) } })
  return join(folder, id)
}

const failedOf = (report: any) => report.ok.filter(({ ok }: { ok: boolean }) => !ok)

const tsc = async (project: string) => {
  const child = Bun.spawn(
    [process.execPath, "--bun", join(import.meta.dir, "../../node_modules/.bin/tsc"), "-p", project],
    { cwd: "/", stdout: "pipe" },
  )
  return { said: await child.stdout.text(), code: await child.exited }
}

describe("a new plugin", () => {
  for (const kind of ["agent", "step", "condition", "operation", "route", "sink"])
    test(`of kind ${kind} passes its tests and checks`, async () => {
      const made = await create(`${kind}-acme`)
      const report = await once(binary, join(folder, "home"), "test", made)
      expect(failedOf(report)).toEqual([])
      expect(report.ok.map(({ name }: { name: string }) => name)).toContain(
        "acme: starts as sample.toml sets it up",
      )
      expect(report.ok.some(({ name }: { name: string }) => name.startsWith("index.test.ts: "))).toBe(true)
      expect(await tsc(made)).toEqual({ said: "", code: 0 })
    })

  test("that asks for what no plugin may have does not compile", async () => {
    const made = await create("step-wrong")
    writeFileSync(
      join(made, "index.ts"),
      readFileSync(join(made, "index.ts"), "utf8").replace(
        "Effect.succeed({ \n      steps",
        "Effect.succeed({ \n      stepz",
      ),
    )
    writeFileSync(
      join(made, "more.ts"),
      `import { Effect } from "effect"\nimport { Plugin } from "hub/plugin"\nexport const x: number = Plugin.define\nexport const y = Effect.nothingLikeThis\n`,
    )
    const { said } = await tsc(made)
    expect(said).toContain("more.ts(3,")
    expect(said).toContain("nothingLikeThis")
  })

  test("is refused with a name of another form, and where a folder stands already", async () => {
    expect(await once(binary, join(folder, "home"), "new", "Acme", folder)).toMatchObject({
      failed: { code: "invalid", message: expect.stringMatching("KIND-NAME") },
    })
    await create("sink-twice")
    expect(await once(binary, join(folder, "home"), "new", "sink-twice", folder)).toMatchObject({
      failed: { code: "conflict" },
    })
  })
})

describe("tests of one's own that cannot be run", () => {
  const suite = (folder: string) =>
    `import { adapterSuite } from "hub/testing"\nimport agent from "./index.ts"\nadapterSuite(agent, new URL("${folder}", import.meta.url))\n`

  test("are one failure, with the file and what is wrong with it", async () => {
    const made = await create("agent-untold")
    const saying = async (tests: string) => {
      writeFileSync(join(made, "index.test.ts"), tests)
      return failedOf(await once(binary, join(folder, "home"), "test", made))
    }
    const failed = (detail: string) => [
      { name: "index.test.ts", ok: false, detail: expect.stringContaining(detail) },
    ]
    expect(await saying(suite("./fixtures"))).toEqual(failed("fixtures/index.json is missing: it says what"))
    const head = '"agent": "untold", "version": "1", "date": "2026-11-20"'
    const index = `{ ${head}, "cases": { "text": { "class": "rate_limitd" } } }`
    writeFileSync(join(made, "fixtures/index.json"), index)
    expect(await saying(suite("./fixtures"))).toEqual(failed('["cases"]["text"]["class"]'))
    expect(await saying("const x = {")).toEqual(failed("end of file"))
  })
})

describe("the suite finds", () => {
  const broken = async (id: string, change: (text: string) => string) => {
    const made = await create(id)
    const before = readFileSync(join(made, "index.ts"), "utf8")
    const after = change(before)
    expect(after).not.toBe(before)
    writeFileSync(join(made, "index.ts"), after)
    return failedOf(await once(binary, join(folder, "home"), "test", made))
      .map(({ detail, name }: any) => `${name}: ${detail}`)
      .join("\n")
  }

  test("an adapter that takes exit 0 for success", async () =>
    expect(
      await broken("agent-zero", (text) =>
        text
          .replace("answer === undefined ?", "answer === undefined && exit.code !== 0 ?")
          .replace("{ text: answer }", '{ text: answer ?? "" }'),
      ),
    ).toMatch("no output is a failure"))

  test("an adapter whose decoder throws on a line it does not know", async () =>
    expect(
      await broken("agent-throws", (text) =>
        text.replace("return [Agent.output(text, stream)]", "throw new Error(text)"),
      ),
    ).toMatch("no call broke"))

  test("an adapter that puts the prompt into its arguments bare", async () =>
    expect(
      await broken("agent-bare", (text) =>
        text.replace('args: ["--json",', 'args: ["--json", "run", request.prompt,'),
      ),
    ).toMatch(/longer than 128 KB[^]*read as a flag|read as a flag[^]*longer than 128 KB/))

  test("a failure of another class than the recording's name", async () =>
    expect(
      await broken("agent-class", (text) =>
        text.replace("line.value.code === 429", "line.value.code === 430"),
      ),
    ).toMatch("rate_limited.jsonl"))

  test("an operation whose input has no fields", async () =>
    expect(
      await broken("operation-bare", (text) =>
        text
          .replace(
            "input: Schema.Struct({ text: ",
            "input: Schema.Union([Schema.String, Schema.Struct({ text: ",
          )
          .replace('"The text.") }),', '"The text.") })]),')
          .replace(
            "run: ({ text }) => Effect.succeed({ text: label(config.prefix, text) })",
            "run: () => Effect.succeed({ text: config.prefix })",
          ),
      ),
    ).toMatch("the input is no object"))

  test("an operation whose output is another than it says", async () =>
    expect(
      await broken("operation-other", (text) =>
        text
          .replace(
            "output: Schema.Struct({ text: Schema.String })",
            "output: Schema.Struct({ text: Schema.NonEmptyString })",
          )
          .replace('Schema.Struct({ text: Field.required(Schema.String, "The text.") })', "Schema.Struct({})")
          .replace(
            "({ text }) => Effect.succeed({ text: label(config.prefix, text) })",
            '() => Effect.succeed({ text: "" })',
          ),
      ),
    ).toMatch("what it answers without input fits its output"))

  test("a sink that throws", async () =>
    expect(
      await broken("sink-throws", (text) =>
        text.replace(
          "receive: (event) =>",
          'receive: (event) => event.type === "something_new" ? Effect.die(new Error("what is this?")) :',
        ),
      ),
    ).toMatch("what is this?"))

  test("a test of its own that fails", async () => {
    const made = await create("operation-fails")
    write(made, {
      "more.test.ts": `import { assert, test } from "hub/testing"\ntest("one is two", () => assert.equal(1, 2))\n`,
    })
    expect(failedOf(await once(binary, join(folder, "home"), "test", made))).toMatchObject([
      { name: "more.test.ts: one is two", ok: false },
    ])
  })

  test("a sample that does not decode", async () => {
    const made = await create("sink-sample")
    write(made, { "sample.toml": `[plugin.x]\nuse = "y"\n[plugin.x.config]\nprefixx = 1\n` })
    expect(failedOf(await once(binary, join(folder, "home"), "test", made))[0].detail).toMatch("prefixx")
  })
})

import { expect, test } from "bun:test"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/server/validators/ajv"
import { parse } from "smol-toml"

const root = join(import.meta.dir, "..")
const schema = await Bun.file(join(root, "docs/schema/pipeline.json")).json()
const validate = new AjvJsonSchemaValidator().getValidator(schema)

// An editor's own validator reads JSON values, so tables get their prototypes back.
const valid = (text: string) => validate(JSON.parse(JSON.stringify(parse(text)))).valid

const agent = 'run = ["a"]\n[step.a]\ntype = "agent"\nagent = "claude"\nprompt = "x"\n'

test.each(readdirSync(join(root, "pipelines")).filter((name) => name.endsWith(".toml")))(
  "an editor finds nothing wrong with %s",
  async (name) => {
    expect(valid(await Bun.file(join(root, "pipelines", name)).text())).toBe(true)
  },
)

test.each([
  ["a misspelt key", `${agent}promt = "x"\n`],
  ["a wrong type", `${agent}model = 3\n`],
  ["an unknown condition", `${agent}when = { any = [{ envv = {} }] }\n`],
  ["an unknown failure class", `${agent}retry = { times = 1, on = ["tired"] }\n`],
  ["a table that is no part of a pipeline", `${agent}[steps.b]\ntype = "agent"\n`],
  ["no contents page", agent.replace('run = ["a"]', "")],
])("an editor marks %s", (_, text) => {
  expect(valid(text)).toBe(false)
})

test("an editor lets a plugin's type of step be", () => {
  expect(
    valid(
      'run = ["a"]\n[step.a]\ntype = "lock"\nwhat = "x"\nwhen = { not = { env = { name = "X", set = true } } }\n',
    ),
  ).toBe(true)
})

/** The recipes: each is a whole table that decodes, and what was recorded of the real programs reads as it must. */
import { describe, expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Schema } from "effect"
import { type Agent, Failure } from "hub/plugin"
import { agentSuite, recordedSuite, requestOf } from "hub/testing"
import { Config } from "./Config.ts"
import adapter from "./index.ts"

const folder = join(import.meta.dir, "recipes")
const names = [...new Bun.Glob("*.toml").scanSync({ cwd: folder })]
  .map((file) => file.replace(".toml", ""))
  .sort()
const textOf = (name: string) => readFileSync(join(folder, `${name}.toml`), "utf8")

interface File {
  readonly plugin: Readonly<Record<string, { readonly use: string; readonly config: object }>>
}

const configOf = (name: string): Config =>
  Schema.decodeUnknownSync(Config)((Bun.TOML.parse(textOf(name)) as File).plugin[name]?.config, {
    errors: "all",
    onExcessProperty: "error",
  })

const agentOf = (name: string): Agent.ProgramAgent => adapter.agent(configOf(name), name)

const request = requestOf({ prompt: "-do it" })

describe.each(names)("the recipe %s", (name) => {
  test("is one table of its own name, and says what it was seen with", () => {
    const { plugin } = Bun.TOML.parse(textOf(name)) as File
    expect(Object.keys(plugin)).toEqual([name])
    expect(plugin[name]?.use).toBe("agent-command")
    expect(configOf(name).summary).toMatch(/./)
    const head = textOf(name).split("\n[")[0] ?? ""
    expect(head).toMatch(/Seen: |Not tried here: /)
    expect(head).toMatch(/2026/)
  })

  test("starts with every permission that it offers, and takes no prompt for a flag", () => {
    const agent = agentOf(name)
    for (const permission of [undefined, ...(agent.supports.permission ?? [])]) {
      const made = agent.launch({ ...request, permission })
      if (made instanceof Failure.Failure) throw made
      expect(made.args).not.toContain("-do it")
    }
  })

  agentSuite(agentOf(name))
  const fixtures = join(import.meta.dir, "fixtures/recipes", name)
  if (existsSync(fixtures)) recordedSuite(agentOf(name), fixtures)
})

test("what is called seen was recorded, and the rest says that it was not", () => {
  const seen = names.filter((name) => textOf(name).includes("# ") && /Seen: /.test(textOf(name)))
  const recorded = names.filter((name) => existsSync(join(import.meta.dir, "fixtures/recipes", name)))
  expect(seen).toEqual(recorded)
})

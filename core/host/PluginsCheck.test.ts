import { expect } from "bun:test"
import { Effect, Schema } from "effect"
import * as Field from "../plugin/Field.ts"
import * as Plugin from "../plugin/Plugin.ts"
import { effect } from "../testing/effect.ts"
import { formatDiagnostic, parse } from "../toml/Toml.ts"
import { check } from "./PluginsCheck.ts"
import type { Builtin } from "./Source.ts"

const acme = Plugin.define({
  id: "agent-acme",
  summary: "Acme.",
  config: Schema.Struct({
    program: Field.required(Schema.NonEmptyString, "The program."),
    count: Field.withDefault(Schema.Int, 1, "How many."),
  }),
  setup: () => Effect.die("a check starts nothing"),
})
const builtin: Builtin = { "agent-acme": () => Promise.resolve({ default: acme }) }

const wrong = (text: string) =>
  Effect.map(
    Effect.flatMap(parse(text, "plugins.toml"), (document) => check(document, builtin)),
    (found) => found.map(formatDiagnostic),
  )

effect(
  "the config of built-in plugins is checked, all at once with the hub's own keys",
  Effect.gen(function* () {
    const found = yield* wrong(`
[plugin.a]
use = "agent-acme"
isolation = "no"
[plugin.a.config]
program = "acme"
conut = 3

[plugin.b]
use = "agent-acme"

[plugin.c]
use = "agent-acme"
command = ["acme"]
config = { program = "", count = "many" }
`)
    expect(found.map((one) => one.replace(/^plugins.toml:(\d+):\d+ {2}/, "$1 "))).toEqual([
      '4 plugin.a.isolation: expected one of "none", "worker", "process", got "no"',
      expect.stringMatching(/^7 plugin.a.config.conut: unknown key "conut". Did you mean "count"\?/),
      "9 plugin.b.config.program: is required (string)",
      '14 plugin.c.command: needs isolation = "process"',
      expect.stringMatching(/^15 plugin.c.config.program: /),
      '15 plugin.c.config.count: expected an integer, got "many"',
    ])
  }),
)

effect(
  "what is off, comes from outside or is no table is left to the hub's own keys",
  Effect.gen(function* () {
    expect(
      yield* wrong(`
[plugin.off]
use = "agent-acme"
enabled = false
[plugin.outside]
use = "./acme.ts"
config = { anything = 1 }
[plugin.good]
use = "agent-acme"
config = { program = "acme" }
`),
    ).toEqual([])
    expect(yield* wrong('[plugin.a]\nuse = "agent-acme"\nconfig = 3\n')).toHaveLength(1)
    expect(yield* wrong("plugin = 3\n")).toHaveLength(1)
    expect(yield* wrong("[plugin]\na = 3\n")).toHaveLength(1)
  }),
)

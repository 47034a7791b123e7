/** `hub agent recipe`: tables for plugins.toml that make more programs into agents. */
import { Effect, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import { OperationFailed } from "../../plugin/Operation.ts"
import { didYouMean } from "../../toml/Toml.ts"
import { type Command, extra } from "../cli/Command.ts"

/** By name. */
export const recipeCommand = (recipes: ReadonlyMap<string, string>): Command =>
  extra({
    path: ["agent", "recipe"],
    summary:
      "Prints the table for plugins.toml that makes a program into an agent. Without a name: which there are.",
    input: Schema.Struct({ name: Field.optional(Schema.NonEmptyString, "The agent.") }),
    positional: ["name"],
    examples: ["hub agent recipe", "hub agent recipe pi >> ~/.hub/plugins.toml"],
    run: ({ name }) => (name === undefined ? Effect.succeed(list(recipes)) : one(recipes, name)),
  })

const list = (recipes: ReadonlyMap<string, string>) => {
  const all = [...recipes].map(([name, text]) => ({ name, about: aboutOf(text) }))
  const width = Math.max(...all.map(({ name }) => name.length))
  const lines = all.map(({ about, name }) => `${name.padEnd(width)}  ${about}`)
  return {
    output: { recipes: all },
    text: [
      ...lines,
      "",
      "hub agent recipe NAME >> plugins.toml, and the hub at work takes it up by itself.",
    ].join("\n"),
  }
}

/** The first sentences of its comment. */
const aboutOf = (text: string): string => (text.split("\n", 1)[0] ?? "").replace(/^# /, "")

const one = (recipes: ReadonlyMap<string, string>, name: string) => {
  const text = recipes.get(name)
  return text === undefined
    ? Effect.fail(
        new OperationFailed({
          code: "not_found",
          message: `no recipe ${JSON.stringify(name)}. ${didYouMean(name, [...recipes.keys()])}`,
        }),
      )
    : Effect.succeed({ output: { name, toml: text }, text, verbatim: true })
}

/** The language that describes a program: how it is started, how it is read, what its failures look like. */
import { Schema } from "effect"
import { Field } from "hub/plugin"
import { EventRule } from "./EventRule.ts"
import { FailureRule } from "./FailureRule.ts"
import { complaints, used } from "./Fit.ts"
import * as Template from "./Template.ts"

const Text = Schema.String.check(Schema.makeFilter((text) => Template.problem(text) ?? true))

const Arguments = Schema.Array(
  Schema.Union([
    Schema.String.check(
      Schema.makeFilter((text) => Template.isPermission(text) || (Template.problem(text) ?? true)),
    ),
    Schema.Array(Text).check(Schema.isMinLength(1)),
  ]),
)

const permission = Schema.Struct({
  restricted: Field.optional(Schema.Array(Schema.String), "Flags for looking without changing."),
  auto: Field.optional(Schema.Array(Schema.String), "Flags for working without asking."),
  bypass: Field.optional(Schema.Array(Schema.String), "Flags that switch every check off."),
})

const fields = {
  program: Field.required(
    Field.Program,
    "The program: a name on PATH, or an absolute path. Started without a shell.",
  ),
  args: Field.withDefault(
    Arguments,
    [],
    'Its arguments. `{{ model }}` is filled; an argument, or a group `["--model", "{{ model }}"]`, whose variable has no value is left out.',
  ),
  prompt: Field.withDefault(
    Schema.Literals(["stdin", "argument", "file"]),
    "stdin",
    "How it gets the prompt. `argument`: `{{ prompt }}` in args, up to 120 KB. `file`: `{{ prompt_file }}` in args.",
  ),
  env: Field.withDefault(
    Schema.Record(Schema.String, Text).check(Field.areVariables),
    {},
    "Environment variables, with the same gaps as args.",
  ),
  permission: Field.withDefault(
    permission,
    {},
    "The flags of each permission mode. They take the place of `{{ permission }}` in args.",
  ),
  id: Field.optional(
    Schema.String.check(Schema.isPattern(/^[a-z0-9][a-z0-9_-]{0,63}$/)),
    "The agent's id. Left out: the name of this instance.",
  ),
  summary: Field.optional(Schema.NonEmptyString, "One sentence: what this agent is."),
  model: Field.optional(Schema.NonEmptyString, "The model, where a step names none."),
  models: Field.withDefault(
    Schema.Array(Schema.NonEmptyString),
    [],
    "The only models that may be asked for. Empty: any.",
  ),
  output: Field.withDefault(
    Schema.Literals(["text", "json-lines", "json"]),
    "text",
    "What stdout is: plain text, one JSON object a line, or one JSON document.",
  ),
  answer_max_bytes: Field.withDefault(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 16_000_000 })),
    65_536,
    "The longest answer; of a longer one the end is kept. All of it stands in the run's spool.",
  ),
  strip_ansi: Field.withDefault(
    Schema.Boolean,
    true,
    "Takes colours and cursor movements out of plain text.",
  ),
  empty_answer: Field.withDefault(
    Schema.Literals(["ok", "crashed"]),
    "ok",
    "What success without a word is. `crashed`: a failure of that class.",
  ),
  event: Field.withDefault(
    Schema.Array(EventRule),
    [],
    "What the objects of a JSON output mean. Every rule that fits is used.",
  ),
  failure: Field.withDefault(
    Schema.Array(FailureRule),
    [],
    "What its failures look like. The first rule that fits decides.",
  ),
  builtin_rules: Field.withDefault(
    Schema.Boolean,
    true,
    "After the rules above, guess from well-known texts (429, quota, not logged in, unknown option). Guesses are marked as such.",
  ),
  version_args: Field.withDefault(
    Schema.Array(Schema.String),
    ["--version"],
    "Arguments that print the version. Empty: it is not asked.",
  ),
}

const Fields = Schema.Struct(fields)
export type Fields = typeof Fields.Type

export const Config = Fields.check(Schema.makeFilter(complaints))
export type Config = typeof Config.Type

/** Does the program get this at all? */
export const hands = (config: Config, ...names: ReadonlyArray<Template.Name>): boolean =>
  names.some((name) => used(config).has(name))

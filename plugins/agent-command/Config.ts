/** The language that describes a program: how it is started, how it is read, what its failures look like. */
import { Schema } from "effect"
import { Failure, Field } from "hub/plugin"
import * as Path from "./Path.ts"
import * as Template from "./Template.ts"

const regexProblem = (source: string): string | undefined => {
  if (source === "") return "is empty: every line would match"
  try {
    return void new RegExp(source)
  } catch (error) {
    return error instanceof Error ? error.message : "is no regular expression"
  }
}

const captureProblem = (source: string): string | undefined =>
  regexProblem(source) ??
  (new RegExp(`${source}|`).exec("")?.length === 1 ? "needs a group: (\\d+)" : undefined)

const longest = Schema.isMaxLength(1000)
const Regex = Schema.String.check(
  longest,
  Schema.makeFilter((source) => regexProblem(source) ?? true),
)
const Capture = Schema.String.check(
  longest,
  Schema.makeFilter((source) => captureProblem(source) ?? true),
)

const Text = Schema.String.check(Schema.makeFilter((text) => Template.problem(text) ?? true))

const Arguments = Schema.Array(
  Schema.Union([
    Schema.String.check(
      Schema.makeFilter((text) => Template.isPermission(text) || (Template.problem(text) ?? true)),
    ),
    Schema.Array(Text).check(Schema.isMinLength(1)),
  ]),
)

const When = Schema.Record(Schema.String, Schema.Unknown).check(
  Schema.makeFilter((when) => Path.problem(when) ?? true),
)

const when = Field.optional(
  When,
  'What the JSON object must hold: `{ type = "error", error.status = [429, 529] }`. Dots go deeper, `*` is any entry, a list is one of.',
)

const Meaning = Schema.Literals([
  "agent_message",
  "answer",
  "command_finished",
  "command_started",
  "file_changed",
  "input_required",
  "reasoning",
  "session_started",
  "success",
  "todo_updated",
  "tool_finished",
  "tool_started",
  "usage",
])

/** The key that an event of this kind must take. */
const needs: { readonly [K in typeof Meaning.Type]?: string } = {
  agent_message: "text",
  command_started: "command",
  input_required: "text",
  reasoning: "text",
  session_started: "session_id",
  tool_started: "tool",
}

export const EventRule = Schema.Struct({
  when: Field.required(
    When,
    'Which JSON object is meant: `{ type = "item.completed", item.type = "agent_message" }`.',
  ),
  as: Field.required(
    Meaning,
    "What it is. `success`: the program's own word that all went well; without it the attempt has failed. `answer`: the answer, where it is not the last message.",
  ),
  take: Field.withDefault(
    Schema.Record(Schema.String, Schema.NonEmptyString),
    {},
    'What is taken from it, key = path: `{ text = "message.content.*.text" }`.',
  ),
  join: Field.withDefault(
    Schema.Boolean,
    false,
    "The pieces belong together: texts are joined, amounts of usage added up.",
  ),
}).check(
  Schema.makeFilter(({ as, take }) => {
    const key = needs[as]
    if (key !== undefined && take[key] === undefined)
      return { path: ["take"], issue: `${as} needs ${key}: take = { ${key} = "path.in.the.object" }` }
    return (
      as !== "answer" ||
      "text" in take ||
      "data" in take || { path: ["take"], issue: "answer needs text or data" }
    )
  }),
)
export type EventRule = typeof EventRule.Type

const Exit = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))

export const FailureRule = Schema.Struct({
  class: Field.required(Failure.FailureClass, "The failure class, when all that the rule says holds."),
  exit: Field.optional(
    Schema.Union([Exit, Schema.Array(Exit).check(Schema.isMinLength(1))]),
    "The exit status, or one of several.",
  ),
  matches: Field.optional(
    Regex,
    "Regular expression, upper and lower case alike, for one line. Beside `when`: for the message. Lines are cut to 4 KB for it.",
  ),
  in: Field.optional(
    Schema.Literals(["stdout", "stderr", "any"]),
    "Where `matches` looks. Left out: both. Lines that are part of a JSON stream are left to `when`.",
  ),
  when,
  message: Field.optional(Schema.NonEmptyString, "Path of the message in the object that `when` describes."),
  retry_after: Field.optional(
    Capture,
    "Regular expression for the vendor's wait: one group is seconds, or groups named hours, minutes, seconds, ms.",
  ),
  resets_at: Field.optional(
    Capture,
    "Regular expression for the time of the reset: one group with seconds or milliseconds since 1970, or an ISO date.",
  ),
  early: Field.withDefault(
    Schema.Boolean,
    false,
    "It is said while the program still tries: the attempt is ended unless progress follows within the step's `patience`.",
  ),
  seen: Field.optional(Schema.String, "Where this was seen: program and version. Shown with the failure."),
}).check(
  Schema.makeFilter((rule) => {
    if (rule.exit === undefined && rule.matches === undefined && rule.when === undefined)
      return "says nothing: give it exit, matches or when"
    if (rule.early && rule.exit !== undefined)
      return { path: ["early"], issue: "a running program has no exit status: take exit away" }
    if (rule.when === undefined && rule.message !== undefined)
      return { path: ["message"], issue: "is a path in the object of when: give it when" }
    return (
      rule.when === undefined ||
      rule.in === undefined || { path: ["in"], issue: "has no meaning beside when" }
    )
  }),
)
export type FailureRule = typeof FailureRule.Type

const permission = Schema.Struct({
  restricted: Field.optional(Schema.Array(Schema.String), "Flags for looking without changing."),
  auto: Field.optional(Schema.Array(Schema.String), "Flags for working without asking."),
  bypass: Field.optional(Schema.Array(Schema.String), "Flags that switch every check off."),
})

const fields = {
  program: Field.required(
    Schema.NonEmptyString,
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
    Schema.Record(Schema.String, Text),
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
type Fields = typeof Fields.Type

const used = ({ args, env }: Fields): ReadonlySet<string> =>
  new Set([...args.flat(), ...Object.values(env)].flatMap(Template.gaps))

const complaints = (config: Fields) => {
  const names = used(config)
  const inArgs = new Set(config.args.flat().flatMap(Template.gaps))
  const placed = config.args.some(
    (argument) => typeof argument === "string" && Template.isPermission(argument),
  )
  const found: Array<{ readonly path: ReadonlyArray<string>; readonly issue: string }> = []
  const say = (wrong: boolean, key: string, issue: string) => wrong && found.push({ path: [key], issue })
  say(
    config.prompt === "argument" && !inArgs.has("prompt"),
    "args",
    'lacks "{{ prompt }}", and prompt = "argument"',
  )
  say(
    config.prompt === "file" && !inArgs.has("prompt_file"),
    "args",
    'lacks "{{ prompt_file }}", and prompt = "file"',
  )
  say(
    config.prompt !== "argument" && names.has("prompt"),
    "prompt",
    `is ${JSON.stringify(config.prompt)}, so {{ prompt }} never has a value`,
  )
  say(
    config.prompt === "stdin" && names.has("prompt_file"),
    "prompt",
    'is "stdin", so {{ prompt_file }} never has a value',
  )
  say(
    Object.keys(config.permission).length > 0 && !placed,
    "args",
    'lacks "{{ permission }}": where shall the permission flags stand?',
  )
  say(
    placed && Object.keys(config.permission).length === 0,
    "permission",
    "is empty, and args has {{ permission }}",
  )
  say(
    config.model !== undefined && !names.has("model"),
    "model",
    "is never handed over: args has no {{ model }}",
  )
  say(config.output === "text" && config.event.length > 0, "event", 'has no meaning for output = "text"')
  say(
    config.output === "text" && config.failure.some((rule) => rule.when !== undefined),
    "failure",
    'has a rule with when, which needs output = "json-lines" or "json"',
  )
  say(
    config.output !== "text" && config.event.length === 0,
    "event",
    `is empty: say which object of the ${config.output} output is the answer`,
  )
  return found
}

export const Config = Fields.check(Schema.makeFilter(complaints))
export type Config = typeof Config.Type

/** Does the program get this at all? */
export const hands = (config: Config, ...names: ReadonlyArray<Template.Name>): boolean =>
  names.some((name) => used(config).has(name))

/** What one kind of JSON object in the output means. */
import { Schema } from "effect"
import { Field } from "hub/plugin"
import * as Path from "./Path.ts"

export const When = Schema.Record(Schema.String, Schema.Unknown).check(
  Schema.makeFilter((when) => Path.problem(when) ?? true),
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

/** Looks at the project that the run belongs to. */
import { Effect, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import { handle } from "./handle.ts"

export const project = handle({
  id: "project",
  summary: 'The project carries all of these tags: `project = { tags = ["rust"] }`.',
  config: Schema.Struct({
    tags: Field.required(
      Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(1)),
      "Tags from projects.toml, all of them.",
    ),
  }),
  holds: ({ tags }, context) =>
    Effect.sync(() => {
      if (context.project === undefined) return { holds: false, because: "the run belongs to no project" }
      const { name, tags: own } = context.project
      const missing = tags.filter((tag) => !own.includes(tag))
      return missing.length === 0
        ? { holds: true, because: `project ${name} is tagged ${tags.join(", ")}` }
        : { holds: false, because: `project ${name} is not tagged ${missing.join(", ")}` }
    }),
})

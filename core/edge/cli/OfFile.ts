/** Pipelines by the path of a file: it is read here, by whoever typed its name; the hub is given its text. */
import { Effect } from "effect"
import type { OperationFailed } from "../../plugin/Operation.ts"
import type { Command, Context, Field } from "./Command.ts"
import { isPath, readText } from "./ReadFile.ts"

type Input = Readonly<Record<string, unknown>>

/** What an operation is given for a name or a path. */
export const pipelineInput = (
  asked: string,
  { cwd }: Pick<Context, "cwd">,
): Effect.Effect<Input, OperationFailed> =>
  isPath(asked)
    ? Effect.map(readText(cwd, asked), (text) => ({ file: asked, text }))
    : Effect.succeed({ pipeline: asked })

/** `text` and `file` are for programs: a person names the file instead of the pipeline. */
const typed = (field: Field): ReadonlyArray<Field> => {
  if (field.name === "text" || field.name === "file") return []
  return field.name === "pipeline"
    ? [{ ...field, description: `${field.description.replace(/\.$/, "")}, or the path of its file.` }]
    : [field]
}

/** The command with a pipeline that may be a file. */
export const ofFile = (command: Command): Command => ({
  ...command,
  fields: command.fields.flatMap(typed),
  run: (raw, context, marked) =>
    Effect.gen(function* () {
      const { pipeline, ...rest } = raw
      const asked = typeof pipeline === "string" ? yield* pipelineInput(pipeline, context) : {}
      return yield* command.run({ ...rest, ...asked }, context, marked)
    }),
})

/** The same, where there is nothing to do without one. */
export const ofOneFile = (command: Command): Command => {
  const { fields, ...rest } = ofFile(command)
  return {
    ...rest,
    fields: fields.map((field) => (field.name === "pipeline" ? { ...field, required: true } : field)),
  }
}

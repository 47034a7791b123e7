/** Pipelines by the path of a file: it is read here, by whoever typed its name; the hub is given its text. */
import { dirname, resolve } from "node:path"
import { Effect, Option } from "effect"
import * as Beside from "../../pipeline/Beside.ts"
import type { OperationFailed } from "../../plugin/Operation.ts"
import type { Command, Context, Field } from "./Command.ts"
import { isPath, readInside, readText } from "./ReadFile.ts"

type Input = Readonly<Record<string, unknown>>

/** For commands that take many. */
export const pipelines = {
  type: "array",
  items: { type: "string" },
  description: "Files, or names of pipelines. All pipelines of the hub when left out.",
}

/** What an operation is given for a name or a path. */
export const pipelineInput = Effect.fnUntraced(function* (
  asked: string,
  { cwd }: Pick<Context, "cwd">,
): Effect.fn.Return<Input, OperationFailed> {
  if (!isPath(asked)) return { pipeline: asked }
  const text = yield* readText(cwd, asked)
  return { file: asked, text, ...(yield* filesBeside(cwd, asked, text)) }
})

/** The files that a pipeline names, as a part of what the hub is asked. Of one that cannot be read the hub says that it did not come along. */
export const filesBeside = Effect.fnUntraced(function* (cwd: string, file: string, text: string) {
  const folder = dirname(resolve(cwd, file))
  const found = yield* Effect.forEach(yield* Beside.names(text, file), (name) =>
    Effect.map(Effect.option(readInside(folder, name)), (text) => [name, text] as const),
  )
  const read = found.flatMap(([name, text]) => (Option.isSome(text) ? [[name, text.value] as const] : []))
  return read.length === 0 ? {} : { files: Object.fromEntries(read) }
})

/** `text`, `file` and `files` are for programs: a person names the file instead of the pipeline. */
const typed = (field: Field): ReadonlyArray<Field> => {
  if (["text", "file", "files"].includes(field.name)) return []
  return field.name === "pipeline"
    ? [{ ...field, description: `${field.description.replace(/\.$/, "")}, or the path of its file.` }]
    : [field]
}

/** The command with a pipeline that may be a file. */
export const ofFile = (command: Command): Command => ({
  ...command,
  fields: () => command.fields().flatMap(typed),
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
    fields: () => fields().map((field) => (field.name === "pipeline" ? { ...field, required: true } : field)),
  }
}

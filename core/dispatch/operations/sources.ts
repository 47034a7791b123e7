/** Which pipelines an operation is asked about: by name, or as the text of a file that the hub does not have. */
import { Effect, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import type { Source } from "../../pipeline/Plan.ts"
import { RequestRefused } from "../Dispatch.ts"
import type { Pipelines } from "../Pipelines.ts"
import { PipelineUnknown } from "../Plans.ts"

export const Name = Schema.NonEmptyString.check(Schema.isMaxLength(200))

export const fields = {
  text: Field.optional(Schema.String, "The text of a pipeline file, instead of a name."),
  file: Field.optional(Schema.NonEmptyString, "How the text's file is called in what is said."),
  files: Field.optional(
    Schema.Record(Schema.String, Schema.String),
    "Texts of the files that the text names, by name.",
  ),
}

export interface Asked {
  readonly file?: string | undefined
  readonly files?: Readonly<Record<string, string>> | undefined
  readonly pipeline?: string | undefined
  readonly text?: string | undefined
}

/** The given text. Undefined when a name is given instead. */
export const given = ({ file = "(text)", files, pipeline, text }: Asked): Source | undefined =>
  text === undefined ? undefined : { id: pipeline ?? named(file), file, text, files }

/** `./pipelines/implement.toml` would be asked for as `implement`. */
const named = (file: string): string => /([^/\\]+?)(?:\.toml)?$/.exec(file)?.[1] ?? file

/** The named pipeline or the given text; fails when it is neither. */
export const one = Effect.fnUntraced(function* (pipelines: Pipelines["Service"], asked: Asked) {
  const text = given(asked)
  if (text !== undefined) return text
  if (asked.pipeline !== undefined) return yield* byName(pipelines, asked.pipeline)
  return yield* new RequestRefused({
    message: "say which pipeline: its name, or the text of its file. `hub pipelines` lists the names",
  })
})

/** As `one`; all there are when nothing is asked for. */
export const some = Effect.fnUntraced(function* (pipelines: Pipelines["Service"], asked: Asked) {
  if (asked.pipeline !== undefined || asked.text !== undefined) return [yield* one(pipelines, asked)]
  const all = yield* pipelines.list
  return yield* Effect.forEach(all, ({ id }) => byName(pipelines, id))
})

export const byName = Effect.fnUntraced(function* (pipelines: Pipelines["Service"], id: string) {
  const found = yield* pipelines.get(id)
  if (found !== undefined) return found as Source
  const known = (yield* pipelines.list).map((one) => one.id)
  return yield* new PipelineUnknown({ pipeline: id, known })
})

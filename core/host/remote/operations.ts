/** Operations of a plugin behind a wire. */
/* oxlint-disable typescript/no-explicit-any -- any codec will do */
import { Schema, SchemaGetter, Struct } from "effect"
import type { OperationHandle } from "../../plugin/Catalogue.ts"
import { Content } from "../../plugin/Content.ts"
import { implied } from "../../plugin/Operation.ts"
import type { Offer } from "../Offer.ts"
import { fromJson, Replies } from "../Wire.ts"
import { type Far, operatingCall } from "./answers.ts"

type Offered = NonNullable<Offer["operations"]>[number]

export const operation = (far: Far, offered: Offered): OperationHandle => {
  const { border, remote } = far
  const { name } = offered
  return {
    plugin: border.plugin,
    name,
    title: offered.title,
    summary: offered.summary,
    input: fromJson(offered.input),
    readonly: offered.readonly,
    ...implied(offered),
    doors: offered.doors,
    long: offered.long,
    input_schema: offered.input_schema,
    cli: offered.cli,
    ...shown(offered),
    run: (input, caller, talk) =>
      remote.withTalk(talk, (call) =>
        operatingCall(
          far,
          `operation "${name}"`,
          remote.call("operation.run", { operation: name, input, caller, call }, border.limits.operation),
          replyOf(offered),
        ),
      ),
  }
}

/** What came of a call: functions do not cross, so how the output is shown comes with it. */
interface Answered {
  readonly output: unknown
  readonly text?: string
  readonly content?: ReadonlyArray<Content>
}

const replyOf = ({ shows = [] }: Offered): Schema.Codec<any, any> => {
  const fields = { output: Schema.Unknown, text: Schema.String, content: Schema.Array(Content) }
  return shows.length === 0 ? Replies.anything : Schema.Struct(Struct.pick(fields, ["output", ...shows]))
}

const shown = ({ output, shows = [] }: Offered): Pick<OperationHandle, "output" | "print" | "content"> => ({
  output: shows.length === 0 ? fromJson(output) : withOutput(fromJson(output)),
  print: shows.includes("text") ? (answered) => (answered as Answered).text ?? "" : undefined,
  content: shows.includes("content") ? (answered) => (answered as Answered).content ?? [] : undefined,
})

/** Encodes an `Answered` as its output. */
const withOutput = (output: Schema.Codec<unknown, unknown>): Schema.Codec<unknown, unknown> =>
  output.pipe(
    Schema.decodeTo(Schema.Unknown, {
      decode: SchemaGetter.transform((output): Answered => ({ output })),
      encode: SchemaGetter.transform((answered) => (answered as Answered).output),
    }),
  )

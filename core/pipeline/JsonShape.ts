/** Whether an answer is JSON of a given shape. */
import { Effect, JsonSchema, Option, Schema, SchemaIssue, SchemaRepresentation } from "effect"
import type { Answer } from "../plugin/Agent.ts"
import * as JsonKeywords from "./JsonKeywords.ts"

export type Shape = Schema.JsonObject

/**
 * A JSON Schema (draft 2020-12, or draft-07 when `$schema` says so) in a config: a table, or the same as JSON text.
 * A keyword that cannot be checked is an error here, not a check that always passes.
 */
export const Field = Schema.Union([
  Schema.Record(Schema.String, Schema.Json),
  Schema.String.check(
    Schema.makeFilter(
      (text) =>
        text.trimStart().startsWith("{") ||
        "must be the JSON Schema itself, as a table or as JSON text; a file can be named in a pipeline's own file only",
    ),
  ).pipe(Schema.decodeTo(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)))),
]).check(
  Schema.makeFilter((shape) => {
    const faults = JsonKeywords.faults(shape)
    if (faults.length > 0)
      return faults.map(({ issue, path }) => ({ path, issue: `is no JSON Schema: ${issue}` }))
    const compiled = compile(shape)
    return typeof compiled !== "string" || `is no JSON Schema that can be checked: ${compiled}`
  }),
)

export type Met = { readonly problem: string } | { readonly problem: undefined; readonly data: unknown }

/** `problem` is the end of a sentence that starts with "The answer": all that is wrong with it. */
export const check = Effect.fnUntraced(function* (
  shape: Shape,
  answer: Pick<Answer, "text" | "data">,
): Effect.fn.Return<Met> {
  const schema = compile(shape)
  if (typeof schema === "string") return { problem: `cannot be checked: ${schema}` }
  const data = answer.data ?? Option.getOrUndefined(parse(answer.text))
  if (data === undefined) return { problem: "is no JSON." }
  return yield* Schema.decodeUnknownEffect(schema)(data, { errors: "all", onExcessProperty: "error" }).pipe(
    Effect.match({
      onSuccess: (): Met => ({ problem: undefined, data }),
      onFailure: (error): Met => ({ problem: `does not meet the schema: ${sentences(error.issue)}` }),
    }),
  )
})

/** The whole text, else what stands in its one fenced block: agents like to wrap their JSON. */
const parse = (text: string): Option.Option<unknown> => {
  const whole = json(text)
  if (Option.isSome(whole)) return whole
  const blocks = Array.from(text.matchAll(/^```(?:json)?[ \t]*\n([\s\S]*?)\n```[ \t]*$/gm))
  return blocks.length === 1 ? json(blocks[0]![1]!) : Option.none()
}

const json = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/** The importer throws for what it cannot express; its message is given instead. */
const compile = (shape: Shape): Schema.Codec<unknown, unknown> | string => {
  try {
    // Patterns come from the user's own pipeline, not from an answer.
    return SchemaRepresentation.fromJsonSchemaDocument(documentOf(shape), { patterns: "apply" }) as never
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ")
  }
}

const documentOf = (shape: Shape) =>
  String(shape["$schema"] ?? "").includes("draft-07")
    ? JsonSchema.fromSchemaDraft07(shape)
    : JsonSchema.fromSchemaDraft2020_12(shape)

const LONGEST = 2_000

const sentences = (issue: SchemaIssue.Issue) => {
  const { issues } = SchemaIssue.makeFormatterStandardSchemaV1()(issue)
  const lines = issues.map(
    ({ message, path }) => `${[...(path ?? [])].map(String).join(".") || "answer"}: ${message}`,
  )
  const all = lines.join("; ")
  return all.length > LONGEST ? `${all.slice(0, LONGEST - 1)}…` : all
}

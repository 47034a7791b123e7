/** JSON Schemas in files of their own, named by a pipeline beside them. */
import { Effect, Option, Predicate, Schema } from "effect"
import { type Diagnostic, parse, type Path, type TomlDocument } from "../toml/Toml.ts"
import type { Source } from "./Plan.ts"
import { error } from "./Problem.ts"

/** Gives the text of a file by its name, relative to the folder of the pipeline's own; or says what is wrong with it. */
export type ReadBeside = (
  source: Source,
  name: string,
) => Effect.Effect<string | { readonly problem: string }>

export interface Included {
  /** With the schemas in place of the names. */
  readonly document: TomlDocument
  /** With the texts that were read: enough to resolve it again when the files are gone. */
  readonly source: Source
  readonly diagnostics: ReadonlyArray<Diagnostic>
}

/** What a file may have, so that many of them can be stored with a run. */
export const MAX_BYTES = 256 * 1024

const MAX_FILES = 50

/** The key of a step type whose text is the name of a file, unless it is JSON itself. */
const KEYS: Readonly<Record<string, string>> = { agent: "output_schema", verify: "schema" }

interface Named {
  readonly step: string
  readonly key: string
  readonly name: string
}

const named = (value: unknown): ReadonlyArray<Named> => {
  const steps = Predicate.hasProperty(value, "step") && Predicate.isObject(value.step) ? value.step : {}
  return Object.entries(steps).flatMap(([step, table]) => {
    if (!isTable(table)) return []
    const key = KEYS[String(table["type"])]
    const name = key === undefined ? undefined : table[key]
    return key === undefined || typeof name !== "string" || isJson(name) ? [] : [{ step, key, name }]
  })
}

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  Predicate.isObject(value) && !Array.isArray(value)

const isJson = (text: string) => text.trimStart().startsWith("{")

/** Beside or below the pipeline: nothing else is opened, whatever a pipeline says. */
const isInside = (name: string): boolean =>
  name.length <= 200 &&
  name
    .split("/")
    .every((part) => /^[^\\:\p{Cc}]+$/u.test(part) && part !== "." && part !== ".." && part !== "~")

/** The names of the files that a text names and that may be opened; none when it is no TOML. */
export const names = (text: string, file: string): Effect.Effect<ReadonlyArray<string>> =>
  parse(text, file).pipe(
    Effect.map(({ value }) =>
      [...new Set(named(value).map(({ name }) => name))].filter(isInside).slice(0, MAX_FILES),
    ),
    Effect.orElseSucceed(() => []),
  )

export const include = Effect.fnUntraced(function* (
  document: TomlDocument,
  source: Source,
  read: ReadBeside | undefined,
): Effect.fn.Return<Included> {
  const files: Record<string, string> = {}
  const schemas: Array<Named & { readonly schema: unknown }> = []
  const diagnostics: Array<Diagnostic> = []
  for (const one of named(document.value)) {
    const found = yield* schemaOf(source, one.name, read)
    if ("problem" in found)
      diagnostics.push(error(document, at(one), `file ${JSON.stringify(one.name)} ${found.problem}`))
    else files[one.name] = found.text
    schemas.push({ ...one, schema: "problem" in found ? {} : found.schema })
  }
  if (schemas.length === 0) return { document, source, diagnostics }
  return { document: replaced(document, schemas), source: { ...source, files }, diagnostics }
})

const at = ({ key, step }: Named): Path => ["step", step, key]

type Found = { readonly problem: string } | { readonly text: string; readonly schema: unknown }

const schemaOf = Effect.fnUntraced(function* (
  source: Source,
  name: string,
  read: ReadBeside | undefined,
): Effect.fn.Return<Found> {
  const known = source.files
  if (!isInside(name))
    return { problem: "is not beside or below the pipeline: name one there, with / between folders" }
  if (known !== undefined && Object.hasOwn(known, name)) return parsed(known[name] ?? "")
  const text = read === undefined ? { problem: "cannot be read here" } : yield* read(source, name)
  return typeof text === "string" ? parsed(text) : text
})

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)))

const parsed = (text: string): Found => {
  if (text.length > MAX_BYTES) return { problem: "is larger than 256 KB" }
  const schema = Option.getOrUndefined(decode(text))
  return schema === undefined ? { problem: "is no JSON object" } : { text, schema }
}

const replaced = (
  document: TomlDocument,
  schemas: ReadonlyArray<Named & { readonly schema: unknown }>,
): TomlDocument => {
  const steps: Record<string, unknown> = { ...(document.value["step"] as object) }
  for (const { key, schema, step } of schemas) steps[step] = { ...(steps[step] as object), [key]: schema }
  return { ...document, value: { ...document.value, step: steps } }
}

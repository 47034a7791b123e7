/** A pipeline file as it is written: decoded, before any name in it is looked up. */
import { Effect, Schema } from "effect"
import * as Field from "../plugin/Field.ts"
import { decode, Invalid, parse as parseToml, type TomlDocument } from "../toml/Toml.ts"
import { Defaults } from "./Modifiers.ts"
import { TestTable } from "./TestTables.ts"

export const MAX_BYTES = 256 * 1024

/** What inputs, steps and tests may be called: short, and plain enough to stand in a template. */
export const isName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name)

const types = {
  string: Schema.String,
  number: Schema.Finite,
  boolean: Schema.Boolean,
  list: Schema.Array(Schema.String),
} as const

const inputOf = <T extends keyof typeof types>(type: T) =>
  Schema.Struct({
    type: Schema.Literal(type),
    required: Field.withDefault(Schema.Boolean, false, "A run without it is refused."),
    description: Field.optional(Schema.String, "What it is for; shown where it is missing."),
    default: Field.optional(types[type], "The value when none is given."),
  })

export const InputTable = Schema.Union([
  inputOf("string"),
  inputOf("number"),
  inputOf("boolean"),
  inputOf("list"),
])
export type InputTable = typeof InputTable.Type

const line = (most: number) => Schema.NonEmptyString.check(Schema.isMaxLength(most))

export const PromptTable = Schema.Struct({
  title: Field.optional(
    line(100),
    "What it is called where a person chooses it; the pipeline's name when left out.",
  ),
  summary: Field.optional(line(500), "What it is for; the pipeline's description when left out."),
  text: Field.optional(
    line(20_000),
    "Said to the client's model before it is asked to dispatch, with `{{ input.NAME }}` where an argument goes.",
  ),
})
export type PromptTable = typeof PromptTable.Type

export const PipelineFile = Schema.Struct({
  description: Field.withDefault(Schema.String, "", "One sentence: what the pipeline is for."),
  run: Field.required(
    Schema.Array(Schema.NonEmptyString).check(
      Schema.isMinLength(1, { message: "is empty: name the steps to run, in order" }),
    ),
    "The contents page: the steps to run, in order.",
  ),
  input: Field.withDefault(
    Schema.Record(Schema.String, InputTable),
    {},
    "What a run may be given, by name. Anything else is refused.",
  ),
  prompt: Field.optional(
    PromptTable,
    "Offers the pipeline to the users of MCP clients, as a prompt whose arguments are its inputs. May be empty.",
  ),
  defaults: Field.withDefault(
    Defaults,
    {},
    "For every step that does work of its own and does not say otherwise.",
  ),
  step: Field.required(
    Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Unknown)),
    "The steps by id. Each has a `type`, the keys of that type, and modifiers.",
  ),
  test: Field.withDefault(Schema.Array(TestTable), [], "What must happen, run by `hub pipeline test`."),
})
export type PipelineFile = typeof PipelineFile.Type

export interface PipelineDocument extends PipelineFile {
  readonly toml: TomlDocument
}

/** Unknown keys are errors, and so is a file above 256 KB. The steps' own keys are left to `Resolve`. */
export const parse = Effect.fn("Pipeline.parse")(function* (text: string, file: string) {
  const toml = yield* read(text, file)
  return { ...(yield* decode(PipelineFile, toml)), toml } satisfies PipelineDocument
})

/** The text as TOML, within the limit. */
export const read = Effect.fnUntraced(function* (text: string, file: string) {
  const large = text.length > MAX_BYTES || new TextEncoder().encode(text).byteLength > MAX_BYTES
  if (large) return yield* tooLarge(file)
  return yield* parseToml(text, file)
})

const tooLarge = (file: string) =>
  new Invalid({
    diagnostics: [
      { file, line: 1, column: 1, path: "", message: "the file is larger than 256 KB", severity: "error" },
    ],
  })

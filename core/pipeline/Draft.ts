/** A pipeline file read as far as it can be: what lint looks at, also where other parts of it are wrong. */
import { Effect, Option, Predicate, Result, Schema, SchemaAST } from "effect"
import type { Catalogue, StepHandle } from "../plugin/Catalogue.ts"
import type { StepReference, StepTemplate } from "../plugin/Step.ts"
import {
  decode,
  type Diagnostic,
  didYouMean,
  formatPath,
  type Invalid,
  type Path,
  type TomlDocument,
} from "../toml/Toml.ts"
import { InputTable, isName, PipelineFile, PromptTable } from "./Document.ts"
import { Defaults, names as modifierNames, notYet, StepModifiers } from "./Modifiers.ts"
import type { InputSpec, When } from "./Plan.ts"
import { error, keyError } from "./Problem.ts"
import { TestTable } from "./TestTables.ts"
import { decodeAt, type Known } from "./When.ts"

export type Table = Readonly<Record<string, unknown>>

export interface DraftStep {
  readonly id: string
  /** Empty when the file does not say. */
  readonly type: string
  /** As it is written. */
  readonly table: Table
  readonly kind: StepHandle | undefined
  /** Absent when the keys of the kind are wrong. */
  readonly config: { readonly value: unknown } | undefined
  readonly own: Omit<StepModifiers, "when">
  readonly when: When | undefined
  readonly whens: ReadonlyMap<string, When>
  readonly references: ReadonlyArray<StepReference>
  readonly templates: ReadonlyArray<StepTemplate>
}

export interface Draft {
  readonly id: string
  readonly document: TomlDocument
  readonly description: string
  readonly run: ReadonlyArray<StepReference>
  readonly inputs: ReadonlyMap<string, InputSpec>
  readonly prompt: PromptTable | undefined
  readonly defaults: Defaults
  readonly steps: ReadonlyMap<string, DraftStep>
  readonly diagnostics: ReadonlyArray<Diagnostic>
}

export type Kinds = ReadonlyMap<string, StepHandle>

export const MAX_STEPS = 500

export const isTable = (value: unknown): value is Table => Predicate.isObject(value) && !Array.isArray(value)

export const read = Effect.fnUntraced(function* (
  id: string,
  document: TomlDocument,
  known: Known,
  kinds: Kinds,
): Effect.fn.Return<Draft> {
  const diagnostics: Array<Diagnostic> = []
  const { value } = document
  const defaults = tableAt(value, "defaults")
  diagnostics.push(...refused(document, ["defaults"], defaults))
  const strict = {
    ...document,
    value: { ...value, ...(value["defaults"] === undefined ? {} : { defaults: built(defaults) }) },
  }
  diagnostics.push(...(yield* problems(decode(PipelineFile, strict))))
  for (const { schema, at } of parts(value))
    diagnostics.push(...(yield* problems(decode(schema, strict, { at }))))

  const steps = new Map<string, DraftStep>()
  const tables = Object.entries(tableAt(value, "step"))
  diagnostics.push(...badNames(document, "step"), ...badNames(document, "input"))
  if (tables.length > MAX_STEPS)
    diagnostics.push(
      error(document, ["step"], `has ${tables.length} steps, at most ${MAX_STEPS} are allowed`),
    )
  for (const [step, table] of tables.slice(0, MAX_STEPS))
    if (isTable(table)) steps.set(step, yield* readStep({ document, known, kinds, diagnostics }, step, table))
  return {
    id,
    document,
    description: Predicate.isString(value["description"]) ? value["description"] : "",
    run: stringsAt(value["run"]).map(([index, step]) => ({ at: ["run", index], step })),
    inputs: inputs(value),
    prompt: Option.getOrUndefined(Schema.decodeUnknownOption(PromptTable)(value["prompt"])),
    defaults: yield* decode(Defaults, strict, { at: ["defaults"] }).pipe(
      Effect.catch(() => Effect.succeed({})),
    ),
    steps,
    diagnostics,
  }
})

// Decoding stops at the first kind of mistake, so parts are decoded by themselves too; what is found twice is said once.
const parts = (value: Table) => [
  ...Object.keys(tableAt(value, "input")).map((name) => ({ schema: InputTable, at: ["input", name] })),
  ...(isTable(value["prompt"]) ? [{ schema: PromptTable, at: ["prompt"] }] : []),
  ...(Array.isArray(value["test"])
    ? value["test"].map((_, index) => ({ schema: TestTable, at: ["test", index] }))
    : []),
]

interface Reading {
  readonly document: TomlDocument
  readonly known: Known
  readonly kinds: Kinds
  readonly diagnostics: Array<Diagnostic>
}

const readStep = Effect.fnUntraced(function* (reading: Reading, id: string, table: Table) {
  const { document, diagnostics, kinds } = reading
  const path = ["step", id]
  const type = Predicate.isString(table["type"]) ? table["type"] : ""
  const kind = kinds.get(type)
  if (kind === undefined) diagnostics.push(noKind(reading, path, table["type"]))
  diagnostics.push(...refused(document, path, table))

  const modifiers = pick(built(table), (key) => modifierNames.includes(key))
  const own = yield* attempt(reading, decode(StepModifiers, shadow(document, path, modifiers), { at: path }))
  const when = isTable(table["when"])
    ? yield* attempt(reading, decodeAt(document, [...path, "when"], reading.known))
    : undefined
  const written = pick(table, (key) => key !== "type" && key !== "guard" && !modifierNames.includes(key))
  const config = kind && (yield* readConfig(reading, path, kind, written))
  const { when: _, ...limits } = own?.value ?? {}
  return {
    id,
    type,
    table,
    kind,
    config,
    own: limits,
    when: when?.value,
    whens: yield* readWhens(reading, path, written),
    references: yield* listed(reading, path, config && kind && (() => kind.steps(config.value))),
    templates: yield* listed(reading, path, config && kind && (() => kind.templates(config.value))),
  } satisfies DraftStep
})

/** Keys that no one knows are said here, for only here both the kind's and the modifiers are known. */
const readConfig = Effect.fnUntraced(function* (
  reading: Reading,
  path: Path,
  kind: StepHandle,
  written: Table,
) {
  const { document, diagnostics } = reading
  const keys = keysOf(kind)
  const unknown = keys === undefined ? [] : Object.keys(written).filter((key) => !keys.includes(key))
  for (const key of unknown) {
    const message = `unknown key ${JSON.stringify(key)}. ${didYouMean(key, [...(keys ?? []), ...modifierNames])}`
    diagnostics.push(keyError(document, [...path, key], message))
  }
  const config = pick(written, (key) => !unknown.includes(key))
  return yield* attempt(reading, decode(kind.config, shadow(document, path, config), { at: path }))
})

/** The keys of a kind; undefined when its schema does not tell. */
const keysOf = (kind: StepHandle): ReadonlyArray<string> | undefined => {
  const ast = SchemaAST.toEncoded(kind.config.ast)
  const tables = SchemaAST.isUnion(ast) ? ast.types : [ast]
  const keys = tables.map((table) =>
    SchemaAST.isObjects(table) && table.indexSignatures.length === 0
      ? table.propertySignatures.map(({ name }) => String(name))
      : undefined,
  )
  return keys.every((own) => own !== undefined) ? [...new Set(keys.flat())] : undefined
}

const readWhens = Effect.fnUntraced(function* (reading: Reading, path: Path, written: Table) {
  const whens = new Map<string, When>()
  for (const [key, list] of Object.entries(written)) {
    for (const [index, entry] of Array.isArray(list) ? list.entries() : []) {
      if (!isTable(entry) || !isTable(entry["when"])) continue
      const at = [key, index, "when"]
      const when = yield* attempt(reading, decodeAt(reading.document, [...path, ...at], reading.known))
      if (when !== undefined) whens.set(formatPath(at), when.value)
    }
  }
  return whens
})

/** What a kind says about its config. A plugin's own mistake becomes a finding. */
const listed = <A>(
  { document, diagnostics }: Reading,
  path: Path,
  list: (() => ReadonlyArray<A>) | undefined,
) =>
  Effect.sync((): ReadonlyArray<A> => {
    const result = Result.try({ try: () => list?.() ?? [], catch: String })
    if (Result.isSuccess(result)) return result.success
    diagnostics.push(error(document, path, `cannot be checked, its plugin failed: ${result.failure}`))
    return []
  })

const UNBUILT: Readonly<Record<string, string>> = {
  approve:
    "not yet: a run cannot wait for a person. Until then end the pipeline here and dispatch the rest yourself",
  race: 'not yet: steps share one folder. Until then use parallel with need = "any" for steps that only read',
  merge: "not yet: steps work in place, so there is nothing to merge",
}

const noKind = ({ document, kinds }: Reading, path: Path, type: unknown): Diagnostic => {
  const at = [...path, "type"]
  const known = [...kinds.keys()].sort()
  if (type === undefined) return error(document, path, `has no type. Known: ${known.join(", ")}.`)
  if (!Predicate.isString(type)) return error(document, at, "expected a string")
  const unbuilt = Object.hasOwn(UNBUILT, type) ? UNBUILT[type] : undefined
  return error(document, at, unbuilt ?? `no step type ${JSON.stringify(type)}. ${didYouMean(type, known)}`)
}

const badNames = (document: TomlDocument, table: "step" | "input") =>
  Object.keys(tableAt(document.value, table))
    .filter((name) => !isName(name))
    .map((name) =>
      keyError(
        document,
        [table, name],
        "is no name: use letters, digits, - and _, with a letter or digit first, at most 64",
      ),
    )

const refused = (document: TomlDocument, path: Path, table: Table) =>
  Object.entries(table).flatMap(([key, value]) => {
    const message = notYet(key, value)
    return message === undefined ? [] : [error(document, [...path, key], message)]
  })

const built = (table: Table) => pick(table, (key) => notYet(key, table[key]) === undefined)

const inputs = (value: Table) => {
  const found = new Map<string, InputSpec>()
  for (const [name, table] of Object.entries(tableAt(value, "input"))) {
    const spec = Schema.decodeUnknownOption(InputTable)(table)
    // A wrong one still counts as declared: its mistake is said once, where it stands.
    const { type, required, description, default: given } = spec._tag === "Some" ? spec.value : ANY
    found.set(name, { type, required, description, default: given })
  }
  return found
}

const ANY: InputTable = { type: "string", required: false }

const attempt = <A>({ diagnostics }: Reading, decoded: Effect.Effect<A, Invalid>) =>
  decoded.pipe(
    Effect.map((value): { readonly value: A } | undefined => ({ value })),
    Effect.catch((invalid) => {
      diagnostics.push(...invalid.diagnostics)
      return Effect.succeed(undefined)
    }),
  )

const problems = (decoded: Effect.Effect<unknown, Invalid>) =>
  decoded.pipe(Effect.match({ onSuccess: () => [], onFailure: (invalid) => invalid.diagnostics }))

/** The document with another table at the path of a step, for schemas that know a part of its keys. */
const shadow = (document: TomlDocument, [, id]: Path, table: Table): TomlDocument => ({
  ...document,
  value: { step: { [String(id)]: table } },
})

const pick = (table: Table, wanted: (key: string) => boolean): Record<string, unknown> =>
  Object.fromEntries(Object.entries(table).filter(([key]) => wanted(key)))

const tableAt = (value: unknown, key: string): Table => {
  const table = isTable(value) ? value[key] : undefined
  return isTable(table) ? table : {}
}

export const stringsAt = (list: unknown): ReadonlyArray<readonly [number, string]> =>
  Array.isArray(list)
    ? [...list.entries()].filter((entry): entry is [number, string] => Predicate.isString(entry[1]))
    : []

export type Catalogued = Pick<Catalogue, "agents" | "conditions">

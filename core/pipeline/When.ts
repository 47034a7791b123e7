/** Condition tables: decoded against the conditions that are known, and asked. */
import { Effect, Predicate } from "effect"
import type { Catalogue } from "../plugin/Catalogue.ts"
import type { ConditionContext, Verdict } from "../plugin/Condition.ts"
import { type Failure, of as failure } from "../plugin/Failure.ts"
import { decode as decodeToml, type Diagnostic, Invalid, type Path, type TomlDocument } from "../toml/Toml.ts"
import { didYouMean } from "../toml/Toml.ts"
import type { When } from "./Plan.ts"
import { error, keyError } from "./Problem.ts"

/** What is looked up in. */
export type Known = Pick<Catalogue, "conditions">

/** One condition that was asked. */
export interface Check extends Verdict {
  readonly condition: string
}

export interface Judgement extends Verdict {
  /** In the order they were asked; what could no longer change the outcome was not asked. */
  readonly checks: ReadonlyArray<Check>
}

/** A table that stands in no file. Fails with everything that is wrong with it. */
export const decode = (table: unknown, known: Known): Effect.Effect<When, Invalid> =>
  decodeAt(withoutPlaces(table), [], known)

/** The table at `path` of a document. Fails with everything that is wrong with it, each with its place. */
export const decodeAt = Effect.fnUntraced(function* (document: TomlDocument, path: Path, known: Known) {
  const reading: Reading = { document, known, diagnostics: [] }
  const when = yield* readTable(reading, path, valueIn(document.value, path))
  if (when === undefined || reading.diagnostics.length > 0)
    return yield* new Invalid({ diagnostics: reading.diagnostics })
  return when
})

/** Asks the conditions. Stops at the first that settles it. */
export const evaluate = Effect.fn("When.evaluate")(function* (
  when: When,
  known: Known,
  context: ConditionContext,
): Effect.fn.Return<Judgement, Failure> {
  switch (when.kind) {
    case "is":
      return yield* ask(when.condition, when.config, known, context)
    case "not": {
      const inner = yield* evaluate(when.of, known, context)
      return { ...inner, holds: !inner.holds, because: `not: ${inner.because}` }
    }
    case "all":
      return yield* evaluateEach(when.of, true, known, context)
    case "any":
      return yield* evaluateEach(when.of, false, known, context)
  }
})

interface Reading {
  readonly document: TomlDocument
  readonly known: Known
  readonly diagnostics: Array<Diagnostic>
}

const GROUPS = ["all", "any", "not"]

const readTable = Effect.fnUntraced(function* (
  reading: Reading,
  path: Path,
  table: unknown,
): Effect.fn.Return<When | undefined> {
  if (!isTable(table)) return wrong(reading, path, "expected a table of conditions")
  const keys = Object.keys(table)
  if (keys.length === 0) return wrong(reading, path, `is empty. ${didYouMean("", names(reading.known))}`)
  const read = yield* Effect.forEach(keys, (key) => readKey(reading, [...path, key], key, table[key]))
  const whole = read.filter((one) => one !== undefined)
  return whole.length === 1 ? whole[0] : { kind: "all", of: whole }
})

const readKey = Effect.fnUntraced(function* (
  reading: Reading,
  path: Path,
  key: string,
  value: unknown,
): Effect.fn.Return<When | undefined> {
  if (key === "not") {
    const of = yield* readTable(reading, path, value)
    return of && { kind: "not", of }
  }
  return key === "all" || key === "any"
    ? yield* readGroup(reading, path, key, value)
    : yield* readCondition(reading, path, key)
})

const readGroup = Effect.fnUntraced(function* (
  reading: Reading,
  path: Path,
  kind: "all" | "any",
  value: unknown,
): Effect.fn.Return<When | undefined> {
  if (!Array.isArray(value) || value.length === 0)
    return wrong(reading, path, "expected a list of condition tables")
  const of = yield* Effect.forEach(value, (table, index) => readTable(reading, [...path, index], table))
  return { kind, of: of.filter((one) => one !== undefined) }
})

const readCondition = Effect.fnUntraced(function* (
  { document, known, diagnostics }: Reading,
  path: Path,
  condition: string,
) {
  const handle = known.conditions.get(condition)
  if (handle === undefined) {
    diagnostics.push(keyError(document, path, unknownCondition(condition, known)))
    return undefined
  }
  return yield* decodeToml(handle.config, document, { at: path }).pipe(
    Effect.map((config): When => ({ kind: "is", condition, config })),
    Effect.catch((invalid) => {
      diagnostics.push(...invalid.diagnostics)
      return Effect.succeed(undefined)
    }),
  )
})

const unknownCondition = (condition: string, known: Known) =>
  condition === "quota"
    ? 'condition "quota" is not yet built. Until then an agent that is out of credit fails at once with quota_exhausted, and a fallback takes the next'
    : `no condition ${JSON.stringify(condition)}. ${didYouMean(condition, names(known))}`

const names = (known: Known) => [...known.conditions.keys(), ...GROUPS].sort()

const wrong = ({ document, diagnostics }: Reading, path: Path, message: string): undefined => {
  diagnostics.push(error(document, path, message))
  return undefined
}

const ask = Effect.fnUntraced(function* (
  condition: string,
  config: unknown,
  known: Known,
  context: ConditionContext,
) {
  const handle = known.conditions.get(condition)
  if (handle === undefined)
    return yield* failure(
      "crashed",
      `The condition "${condition}" is no longer there: its plugin was stopped.`,
    )
  const verdict = yield* handle.holds(config, context)
  return { ...verdict, checks: [{ condition, ...verdict }] }
})

/** `all` goes on while they hold, `any` while they do not. */
const evaluateEach = Effect.fnUntraced(function* (
  of: ReadonlyArray<When>,
  goOn: boolean,
  known: Known,
  context: ConditionContext,
) {
  const judged: Array<Judgement> = []
  for (const one of of) {
    const judgement = yield* evaluate(one, known, context)
    if (judgement.holds !== goOn)
      return { ...judgement, checks: [...judged.flatMap(({ checks }) => checks), ...judgement.checks] }
    judged.push(judgement)
  }
  const because = judged.map((judgement) => judgement.because).join("; ")
  return { holds: goOn, because, checks: judged.flatMap(({ checks }) => checks) }
})

const isTable = (value: unknown): value is Record<string, unknown> =>
  Predicate.isObject(value) && !Array.isArray(value)

const valueIn = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (here, key) =>
      Predicate.isObjectKeyword(here) && Object.hasOwn(here, key)
        ? (here as Record<string | number, unknown>)[key]
        : undefined,
    value,
  )

const withoutPlaces = (table: unknown): TomlDocument => ({
  file: "condition",
  text: "",
  value: table as Record<string, unknown>,
  at: () => ({ line: 1, column: 1 }),
  keyAt: () => ({ line: 1, column: 1 }),
})

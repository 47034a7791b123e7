/** What an argument of a prompt, or a variable in the URI of a resource, may be. */
import type { CompleteRequestParams, CompleteResult } from "@modelcontextprotocol/server"
import { Effect } from "effect"
import type { Catalogue, PromptHandle, ResourceHandle } from "../../plugin/Catalogue.ts"
import { type JsonSchema, inputSchemaOf, membersOf, propertiesOf } from "../JsonSchema.ts"
import { suggestion } from "../Nearest.ts"
import { findPrompt } from "./Readings.ts"
import { invalid } from "./Settle.ts"

/** As many as the protocol allows in one answer. */
const most = 100

/** Whatever is longer is the name of nothing. */
const longest = 1_000

export const complete = Effect.fnUntraced(function* (
  catalogue: Catalogue,
  { argument: { name, value }, context, ref }: CompleteRequestParams,
) {
  if (value.length > longest) return { completion: { values: [], total: 0, hasMore: false } }
  const found =
    ref.type === "ref/prompt"
      ? yield* argumentOf(yield* findPrompt(catalogue, ref.name), name, value, context?.arguments ?? {})
      : yield* variableOf(yield* findTemplate(catalogue, ref.uri), name, value)
  return {
    completion: { values: found.slice(0, most), total: found.length, hasMore: found.length > most },
  } satisfies CompleteResult
})

const argumentOf = (prompt: PromptHandle, name: string, typed: string, others: Record<string, string>) => {
  const schema = propertiesOf(inputSchemaOf(prompt.arguments))
  if (!Object.hasOwn(schema, name))
    return invalid(
      `The prompt ${prompt.name} has no argument ${JSON.stringify(name.slice(0, 100))}.${suggestion(name, Object.keys(schema))}`,
    )
  return prompt.complete === undefined
    ? Effect.succeed(near(typed, namesIn(schema[name] ?? {})))
    : prompt.complete(name, typed, others)
}

/** The words that a schema allows. */
const namesIn = (schema: JsonSchema): ReadonlyArray<string> =>
  membersOf(schema)
    .flatMap((one) => (Array.isArray(one["enum"]) ? (one["enum"] as ReadonlyArray<unknown>) : [one["const"]]))
    .filter((one) => typeof one === "string")

const findTemplate = ({ resources }: Catalogue, uri: string) => {
  const resource = resources.find((one) => one.uri === uri)
  if (resource !== undefined) return Effect.succeed(resource)
  const known = resources.map((one) => one.uri)
  return invalid(`There is no resource ${JSON.stringify(uri.slice(0, 200))}.${suggestion(uri, known)}`)
}

const variableOf = (resource: ResourceHandle, name: string, typed: string) =>
  resource.complete === undefined ? Effect.succeed<ReadonlyArray<string>>([]) : resource.complete(name, typed)

/** Those that begin with what was typed, then those that hold it, then those that hold its letters in this order. */
export const near = (typed: string, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const wanted = typed.toLowerCase()
  const rank = (name: string): number => {
    const at = name.toLowerCase().indexOf(wanted)
    if (at === 0) return 0
    return at > 0 ? 1 : holdsLetters(name.toLowerCase(), wanted) ? 2 : 3
  }
  return [0, 1, 2].flatMap((wantedRank) => names.filter((name) => rank(name) === wantedRank))
}

const holdsLetters = (name: string, letters: string): boolean => {
  let at = 0
  for (const letter of name) if (letter === letters[at]) at++
  return at === letters.length
}

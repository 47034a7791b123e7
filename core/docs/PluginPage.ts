/** What a plugin's own schema and contributions say about it: a block of its README, and a sample that decodes. */
import type { Schema } from "effect"
import { code, keys, toml } from "./Markdown.ts"
import { type Json, type Key, keysOf, shapeOf } from "./Shape.ts"

export interface Contribution {
  /** `agent`, `step`, `operation`, … */
  readonly kind: string
  readonly id: string
  readonly summary: string
}

export interface Documented {
  readonly id: string
  readonly summary: string
  readonly config: Schema.Top
  /** With the config of its sample. Left out: not known. */
  readonly contributes?: ReadonlyArray<Contribution> | undefined
}

const START = "<!-- reference: written by `bun run docs` -->"
const END = "<!-- /reference -->"

/** The README with its block made anew; a README without one gets it at its end. */
export const readme = (text: string | undefined, plugin: Documented): string => {
  const block = `${START}\n\n${reference(plugin)}\n\n${END}`
  const whole = text ?? `# ${plugin.id}\n\n${plugin.summary}\n`
  const [from, to] = [whole.indexOf(START), whole.indexOf(END)]
  if (from < 0 || to < from) return `${whole.trimEnd()}\n\n${block}\n`
  return whole.slice(0, from) + block + whole.slice(to + END.length)
}

const reference = ({ config, contributes = [] }: Documented): string =>
  [
    "## Config",
    keys(shapeOf(config)),
    ...(contributes.length === 0 ? [] : [HEADING, contributes.map(item).join("\n")]),
  ].join("\n\n")

const HEADING = "## Contributions, as `sample.toml` configures it"

const item = ({ kind, id, summary }: Contribution) => `* ${kind} ${code(id)}: ${summary}`

const MARK = "# Written by `bun run docs`. Delete this line to keep the file as it is."

/** Is this sample ours to write? One that a person wrote is left alone. */
export const isOurs = (text: string | undefined): boolean => text === undefined || text.startsWith(MARK)

/** plugins.toml for one instance: required keys with a value to replace, the others as comments with their defaults. */
export const sample = ({ id, summary, config }: Documented): string => {
  const instance = id.replace(/^[a-z]+-/, "")
  const top = keysOf(shapeOf(config)).filter(({ path }) => !/[.[]/.test(path))
  const head = [MARK, `# ${summary}`, `[plugin.${instance}]`, `use = ${toml(id)}`]
  if (top.length === 0) return `${head.join("\n")}\n`
  return `${[...head, "", `[plugin.${instance}.config]`, ...top.flatMap(line)].join("\n")}\n`
}

const line = (key: Key): ReadonlyArray<string> => {
  const set = `${key.path} = ${toml(exampleOf(key.schema, key.default))}`
  const about = key.description === "" ? [] : [`# ${key.description}`]
  return [...about, key.required ? set : `# ${set}`]
}

/** The default, an example, or the smallest value of the type. */
const exampleOf = (schema: Json, standard: unknown): unknown => {
  const { examples, enum: values, const: only, anyOf } = schema
  if (standard !== undefined) return standard
  for (const list of [examples, values]) if (Array.isArray(list) && list.length > 0) return list[0]
  if (only !== undefined) return only
  if (Array.isArray(anyOf)) return exampleOf(anyOf[0] as Json, undefined)
  return smallest(schema)
}

const smallest = (schema: Json): unknown => {
  switch (schema["type"]) {
    case "integer":
    case "number":
      return typeof schema["minimum"] === "number" ? schema["minimum"] : 1
    case "boolean":
      return true
    case "array":
      return typeof schema["minItems"] === "number"
        ? [exampleOf((schema["items"] ?? {}) as Json, undefined)]
        : []
    case "object":
      return {}
    default:
      return "…"
  }
}

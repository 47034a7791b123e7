/** The servers of a client's file, whatever its format: looked up, written and taken in place. */
import { Effect } from "effect"
import { OperationFailed } from "../../../plugin/Operation.ts"
import { isObject } from "../../JsonSchema.ts"
import * as Toml from "../../../toml/Toml.ts"
import { valueAt } from "../../../toml/Value.ts"
import type { Client } from "./Clients.ts"
import type { Entry } from "./Entry.ts"
import * as Jsonc from "./Jsonc.ts"
import { type Dialect, JsonRefused, type Keys } from "./jsonc/Tree.ts"

export interface Text {
  /** As shown to a person. */
  readonly file: string
  readonly text: string
}

type Edited<A = string> = Effect.Effect<A, OperationFailed>

/** The name that the hub goes by in every client. */
const name = "hub"

/** What stands there for the hub; undefined where nothing does. */
export const entryOf = (client: Client, given: Text): Edited<unknown> =>
  Effect.map(valueOf(client, given), (value) => valueAt(value, [...client.at, name]))

export const put = (client: Client, given: Text, entry: Entry): Edited =>
  edit(client, given, {
    toml: ({ file, text }) => Toml.set(text, [...client.at, name], entry, file),
    json: (body, dialect) => Jsonc.put(body, [...client.at, name], entry, dialect),
  })

/** Takes the entry, and with it the tables around it that are empty now and were not there in `origin`. */
export const take = Effect.fnUntraced(function* (client: Client, given: Text, origin: string | undefined) {
  let text = yield* remove(client, given, [...client.at, name])
  if (origin === undefined) return text
  if (client.format === "toml")
    return endsBlank(text) && !endsBlank(origin) ? text.replace(/\r?\n$/, "") : text
  const was = yield* valueOf(client, { file: given.file, text: origin })
  for (let depth = client.at.length; depth > 0; depth--) {
    const path = client.at.slice(0, depth)
    const left = valueAt(yield* valueOf(client, { ...given, text }), path)
    if (!isObject(left) || Object.keys(left).length > 0 || valueAt(was, path) !== undefined) break
    text = yield* remove(client, { ...given, text }, path)
  }
  return text
})

const endsBlank = (text: string): boolean => /\n\r?\n$/.test(text)

const remove = (client: Client, given: Text, path: Keys): Edited =>
  edit(client, given, {
    toml: ({ file, text }) => Toml.remove(text, path, file),
    json: (body, dialect) => Jsonc.take(body, path, dialect),
  })

const valueOf = (client: Client, given: Text): Edited<unknown> =>
  client.format === "toml"
    ? Toml.parse(given.text, given.file).pipe(
        Effect.map(({ value }): unknown => value),
        Effect.mapError(({ message }) => refused(message)),
      )
    : json(given, (body) => Jsonc.read(body, dialectOf(client)))

interface Ways {
  readonly toml: (given: Text) => Effect.Effect<string, Toml.TomlSyntax | Toml.TomlEditRefused>
  readonly json: (body: string, dialect: Dialect) => string
}

const edit = (client: Client, given: Text, ways: Ways): Edited =>
  client.format === "toml"
    ? Effect.mapError(ways.toml(given), (error) =>
        refused(
          error._tag === "TomlSyntax" ? error.message : `${given.file}: ${error.path}: ${error.message}`,
        ),
      )
    : json(given, (body, mark) => mark + ways.json(body, dialectOf(client)))

const dialectOf = ({ format }: Client): Dialect => ({ strict: format === "json" })

/** A byte order mark is no part of the text, and stays. */
const json = <A>({ file, text }: Text, read: (body: string, mark: string) => A): Edited<A> => {
  const mark = text.startsWith("\uFEFF") ? "\uFEFF" : ""
  return Effect.try({
    try: () => read(text.slice(mark.length), mark),
    catch: (cause) => {
      if (!(cause instanceof JsonRefused)) throw cause
      return refused(`${file}:${cause.at.line}:${cause.at.column}  ${cause.message}`)
    },
  })
}

const refused = (message: string): OperationFailed =>
  new OperationFailed({ code: "invalid", message: `${message}\nThe file is left as it is.` })

/** Changes one value of a TOML text and leaves every other byte as it is. */
import { Effect, Schema } from "effect"
import { ParseError } from "toml-eslint-parser"
import { same, without, withValue } from "./Compare.ts"
import { formatPath } from "./Diagnostic.ts"
import { parse, TomlSyntax, withoutMark } from "./Document.ts"
import { locate, type Path } from "./Locate.ts"
import { inline, Unprintable } from "./Print.ts"
import { removal } from "./Remove.ts"
import { put } from "./Replace.ts"
import { lineEnding, Refused } from "./Splice.ts"

/** The text is valid but the change cannot be made in place; the text is as it was. */
export class TomlEditRefused extends Schema.TaggedError<TomlEditRefused>()("TomlEditRefused", {
  file: Schema.String,
  path: Schema.String,
  message: Schema.String,
}) {}

/**
 * Replaces the value in place, or adds the key at the end of its table; a missing table is added at the file's end.
 *
 * A table that exists is changed key by key. A value that is already equal stays as it is written. Numbers in the
 * path stand for entries of a list that exist. A Date is written as its ISO text. Refuses null and whatever else TOML
 * cannot hold, a key below a value that is no table, and to turn a table with a header or dotted keys, or a list
 * of tables with headers, into something else.
 */
export const set = Effect.fn("Toml.set")(function* (text: string, path: Path, value: unknown, file = "TOML") {
  const request = { text, file, path }
  const wanted = yield* asRead(request, value)
  return yield* edit(request, wanted, (body) => put(body, path, wanted, lineEnding(body)))
})

/**
 * Removes a key with its line, or a table with everything below it. An absent key is no change.
 *
 * Comments above a removed table stay. A table or list that only existed through what is removed
 * goes with it.
 */
export const remove = Effect.fn("Toml.remove")(function* (text: string, path: Path, file = "TOML") {
  return yield* edit({ text, file, path }, undefined, (body) => removal(body, path))
})

interface Request {
  readonly text: string
  readonly file: string
  readonly path: Path
}

// Both parsers read the result back: a person's file is never written with anything but the change asked for.
const edit = Effect.fnUntraced(function* (
  request: Request,
  wanted: unknown,
  change: (body: string) => string,
) {
  const { text, file, path } = request
  const before = yield* parse(text, file)
  const body = withoutMark(text)
  const changed = yield* Effect.try({ try: () => change(body), catch: (error) => refusal(request, error) })
  if (changed === body) return text
  const after = yield* Effect.mapError(parse(changed, file), (error) => refusal(request, error))
  yield* Effect.try({ try: () => locate(changed), catch: (error) => refusal(request, error) })
  const expected =
    wanted === undefined ? without(before.value, path, after.value) : withValue(before.value, path, wanted)
  if (!same(expected, after.value))
    return yield* refusal(request, new Refused("cannot be changed in place here"))
  return text.slice(0, text.length - body.length) + changed
})

// Anything but a refusal or a parser's complaint is a bug and stays one.
const refusal = ({ file, path }: Request, error: unknown): TomlEditRefused => {
  const known = [Refused, Unprintable, ParseError, TomlSyntax].some((kind) => error instanceof kind)
  if (!known) throw error
  const place = error instanceof ParseError ? `line ${error.lineNumber}: ` : ""
  return new TomlEditRefused({
    file,
    path: formatPath(path),
    message: place + (error instanceof TomlSyntax ? error.reason : (error as Error).message),
  })
}

/** The value as it reads after it is written: a Date is its ISO text then. */
const asRead = Effect.fnUntraced(function* (request: Request, value: unknown) {
  const refuse = (error: unknown) => refusal(request, error)
  const text = yield* Effect.try({ try: () => `v = ${inline(value)}`, catch: refuse })
  const { value: read } = yield* Effect.mapError(parse(text, request.file), refuse)
  return read["v"]
})

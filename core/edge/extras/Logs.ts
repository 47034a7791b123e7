/** `hub logs`: reads the hub's log from its files, whether a hub is at work or not. */
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { Clock, Effect, Option, Queue, Schema, type Scope } from "effect"
import { watch } from "../../host/Watch.ts"
import * as Field from "../../plugin/Field.ts"
import { OperationFailed } from "../../plugin/Operation.ts"
import { levels } from "../../services/Log.ts"
import { type Command, type Context, extra } from "../cli/Command.ts"
import { codeAfter } from "../cli/Ending.ts"
import * as Files from "./logs/Files.ts"
import { isWanted, type Line, parse, shown } from "./logs/Lines.ts"
import { expected, momentOf } from "./Moment.ts"

const Word = Schema.NonEmptyString.check(Schema.isMaxLength(200))

const Input = Schema.Struct({
  follow: Field.withDefault(Schema.Boolean, false, "Go on with new lines until Ctrl-C."),
  lines: Field.optional(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })),
    "At most so many of the newest lines. 100 when left out; with --since, all.",
  ),
  level: Field.optional(Schema.Literals(levels), "Only lines that are at least this important."),
  run: Field.optional(Word, "Only lines of this run: its id, or the end of it."),
  component: Field.optional(
    Word,
    "Only lines from here: `dispatch`, `plugin:acme`; `plugin` is every plugin.",
  ),
  since: Field.optional(Word, "Only lines from then on: `10m` ago, or a date."),
})

/** `hub logs` without a word. */
const usual = 100

export const logsCommand: Command = extra({
  path: ["logs"],
  summary: "Shows what the hub has logged. Reads files: it needs no hub, and starts none.",
  input: Input,
  alias: { follow: "f", lines: "n" },
  examples: ["hub logs -f", "hub logs --level warn --since 2h", "hub logs --run 7k2m --json"],
  speaks: true,
  run: (input, context) =>
    Effect.gen(function* () {
      const since = yield* momentBefore(input.since)
      const wanted = isWanted({ ...input, since })
      const count = input.lines ?? (since === undefined ? usual : Number.POSITIVE_INFINITY)
      const lines = Effect.map(reader(folderOf(context)), (files) => newest(files, wanted, count))
      return yield* input.follow ? follow(context, wanted, count) : show(context, yield* Effect.scoped(lines))
    }),
})

const folderOf = ({ home }: Context): string => join(home, "logs")

const momentBefore = Effect.fnUntraced(function* (text: string | undefined) {
  if (text === undefined) return undefined
  const moment = momentOf(text, "before", yield* Clock.currentTimeMillis)
  if (moment !== undefined) return moment
  const message = `since: expected ${expected}, got ${JSON.stringify(text)}`
  return yield* new OperationFailed({ code: "invalid", message })
})

const reader = (folder: string): Effect.Effect<Files.Reader, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => Files.open(folder)),
    (files) => Effect.sync(files.close),
  )

type Wanted = (line: Line) => boolean

/** Oldest first. Reads no further back than it must, and what it passes over is not new any more. */
const newest = (files: Files.Reader, isWanted: Wanted, count: number): ReadonlyArray<Line> => {
  const found: Array<Line> = []
  for (const raw of files.backwards()) {
    if (found.length >= count) break
    const line = parse(raw)
    if (isWanted(line)) found.push(line)
  }
  return found.toReversed()
}

/** One document, or lines for a person. */
const show = Effect.fnUntraced(function* (context: Context, lines: ReadonlyArray<Line>) {
  const { globals, terminal } = context
  if (globals.json) return { output: { lines: lines.map(({ raw }) => parsed(raw)) } }
  if (lines.length === 0) return { output: {}, text: nothing(folderOf(context)) }
  yield* terminal.out.write(lines.map((line) => `${shown(line, terminal.out)}\n`).join(""))
  return {}
})

const parsed = (raw: string): unknown => {
  const { time } = parse(raw)
  return time === "" ? raw : JSON.parse(raw)
}

const nothing = (folder: string): string => {
  const file = join(folder, "hub.log")
  return existsSync(file)
    ? `Nothing of that kind is in ${file}.`
    : `There is no log yet. It will be ${file} as soon as a hub is at work: \`hub start\` starts one.`
}

/** The usual lines first. With `--json` each is a document by itself, as it stands in the file: there is no end to wait for. */
const follow = Effect.fnUntraced(function* (context: Context, isWanted: Wanted, count: number) {
  const { globals, home, terminal } = context
  const folder = yield* made(home, folderOf(context))
  const tell = (lines: ReadonlyArray<Line>) =>
    lines.length === 0
      ? Effect.void
      : terminal.out.write(
          lines.map((line) => `${globals.json ? line.raw : shown(line, terminal.out)}\n`).join(""),
        )
  const { next: changed } = yield* changes(home, join(folder, "hub.log"))
  const files = yield* reader(folder)
  const more = Effect.sync(() => files.more().map(parse).filter(isWanted))
  const first = Effect.sync(() => newest(files, isWanted, count))
  yield* Effect.flatMap(first, tell)
  const following = Effect.forever(Effect.andThen(changed, Effect.flatMap(more, tell)))
  return { code: yield* codeAfter(following, context) }
})

/** A hub that starts later finds its folder there. */
const made = (home: string, folder: string) =>
  Effect.try({
    try: () => {
      if (existsSync(home)) mkdirSync(folder, { recursive: true, mode: 0o700 })
      return folder
    },
    catch: (cause) =>
      new OperationFailed({ code: "unavailable", message: `${folder} cannot be made: ${String(cause)}` }),
  }).pipe(
    Effect.filterOrFail(
      existsSync,
      () =>
        new OperationFailed({ code: "not_found", message: `${home} is not there yet. ${nothing(folder)}` }),
    ),
  )

/** Where a folder cannot be watched, looking every now and then keeps the promise. */
const pause = "2 seconds"

/** Bun 1.4 tells of no change that comes within two milliseconds of the one before it: after each, one looks once more. */
const second_look = "20 millis"

/** Returns once the log may have grown since the last time. */
const changes = Effect.fnUntraced(function* (home: string, file: string) {
  const { changes, cover } = yield* watch(home)
  yield* cover([file])
  let isFresh = true
  const next = Effect.suspend(() =>
    Effect.timeoutOption(Queue.take(changes), isFresh ? second_look : pause),
  ).pipe(Effect.tap((change) => Effect.sync(() => (isFresh = Option.isSome(change)))))
  return { next }
})

/** `hub agent record`: a new set of fixtures from an installed agent, and what differs from the old one. */
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { type Duration, Effect, Schema, type Scope } from "effect"
import * as Field from "../../plugin/Field.ts"
import { OperationFailed } from "../../plugin/Operation.ts"
import { didYouMean } from "../../toml/Toml.ts"
import { type Command, type Context, extra } from "../cli/Command.ts"

export interface RecordWish {
  readonly agent: string
  readonly program: string | undefined
  readonly out: string
  readonly cases: ReadonlyArray<string>
  readonly against: string | undefined
  readonly limit: Duration.Duration
  readonly told: (row: RecordRow) => Effect.Effect<void>
}

export interface RecordRow {
  readonly name: string
  readonly end: string
  readonly changes: ReadonlyArray<string>
  readonly is_new: boolean
}

export interface Recorder {
  /** Agents that can be pointed at a model's server of the hub. */
  readonly agents: ReadonlyArray<string>
  readonly cases: ReadonlyArray<string>
  readonly record: (
    wish: RecordWish,
  ) => Effect.Effect<
    { readonly version: string; readonly rows: ReadonlyArray<RecordRow> },
    OperationFailed,
    Scope.Scope
  >
}

const Input = Schema.Struct({
  name: Field.required(
    Schema.NonEmptyString,
    "The agent: one with an adapter, or of the recipes `pi` and `grok`.",
  ),
  program: Field.optional(Schema.NonEmptyString, "The program, when it is not the one on PATH."),
  out: Field.optional(Schema.NonEmptyString, "Folder for the set. `fixtures-NAME` when left out."),
  cases: Field.withDefault(Schema.Array(Schema.NonEmptyString), [], "Only these. All when left out."),
  against: Field.optional(
    Schema.NonEmptyString,
    "Folder of the set to compare with. The adapter's own when the shell stands in its repository.",
  ),
  limit: Field.withDefault(Field.Span, "45 seconds", "Longest time of one case."),
})

export const recordCommand = (load: () => Promise<Recorder>): Command =>
  extra({
    path: ["agent", "record"],
    summary:
      "Records fixtures for an adapter from the installed agent, offline, and says what differs from the old ones. Exit code 1 when something does.",
    input: Input,
    positional: ["name"],
    examples: [
      "hub agent record claude --out /tmp/claude",
      "hub agent record codex --cases text --cases e429",
    ],
    run: (input, context) =>
      Effect.gen(function* () {
        const recorder = yield* Effect.promise(load)
        yield* known("agent", [input.name], recorder.agents)
        yield* known("case", input.cases, recorder.cases)
        const out = resolve(context.cwd, input.out ?? `fixtures-${input.name}`)
        const against = yield* olderSet(input, context)
        yield* untouched(out)
        const { rows, version } = yield* recorder.record({
          agent: input.name,
          program: input.program,
          out,
          cases: input.cases,
          against,
          limit: input.limit,
          told: ({ end, name }) => context.progress.status(`${name}: ${end}`),
        })
        return report(input.name, version, out, rows)
      }),
  })

const refuse = (message: string) => Effect.fail(new OperationFailed({ code: "invalid", message }))

const known = (what: string, names: ReadonlyArray<string>, all: ReadonlyArray<string>) => {
  const odd = names.find((name) => !all.includes(name))
  return odd === undefined
    ? Effect.void
    : refuse(`no ${what} ${JSON.stringify(odd)} can be recorded. ${didYouMean(odd, all)}`)
}

/** A set that is there was looked at by a person. */
const untouched = (out: string) =>
  existsSync(join(out, "index.json"))
    ? refuse(
        `${out} holds a set already. Choose another folder with --out, look at what differs, and move it.`,
      )
    : Effect.void

const olderSet = (input: typeof Input.Type, { cwd }: Context) => {
  const isSet = (folder: string) => existsSync(join(folder, "index.json"))
  const own = [`agent-${input.name}/fixtures`, `agent-command/fixtures/recipes/${input.name}`]
    .map((folder) => join(cwd, "plugins", folder))
    .find(isSet)
  if (input.against === undefined) return Effect.succeed(own)
  const folder = resolve(cwd, input.against)
  return isSet(folder)
    ? Effect.succeed(folder)
    : refuse(`${folder} has no index.json: it is no set of recordings`)
}

const report = (agent: string, version: string, out: string, rows: ReadonlyArray<RecordRow>) => {
  const width = Math.max(0, ...rows.map(({ name }) => name.length))
  const differing = rows.filter(({ changes }) => changes.length > 0).length
  const lines = rows.flatMap(({ changes, end, is_new, name }) => [
    `${name.padEnd(width)}  ${end}${is_new ? "  (new)" : ""}`,
    ...changes.map((change) => `${" ".repeat(width)}    ${change}`),
  ])
  const count = `${rows.length} ${rows.length === 1 ? "case" : "cases"}`
  return {
    output: { agent, version, folder: out, cases: rows },
    text: [...lines, "", `${agent} ${version}: ${count} in ${out}, ${differing} not as before.`].join("\n"),
    code: differing > 0 ? 1 : 0,
  }
}

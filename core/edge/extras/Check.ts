/** `hub check [FILE…]`: everything that is wrong with the hub's TOML files, and with TOML inside Markdown. */
import { existsSync, readdirSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import { Effect, Schema, type Scope } from "effect"
import * as Field from "../../plugin/Field.ts"
import type { OperationFailed } from "../../plugin/Operation.ts"
import { type Command, type Context, extra } from "../cli/Command.ts"
import { counts, lineOf, type Linted } from "../cli/Lint.ts"
import { readText, unreadable } from "../cli/ReadFile.ts"
import type { HubUnreachable } from "../Door.ts"
import { type Fence, fences, kindByName, kindOf, type TomlKind } from "./Fences.ts"

export type Diagnostic = Linted["diagnostics"][number]

export interface Source {
  /** As it is called in what is said. */
  readonly file: string
  readonly text: string
}

/** Says what is wrong with one text. `toml` looks at the syntax alone. */
export type Validators = Readonly<
  Record<
    TomlKind,
    (
      source: Source,
      context: Context,
    ) => Effect.Effect<ReadonlyArray<Diagnostic>, OperationFailed | HubUnreachable, Scope.Scope>
  >
>

const Input = Schema.Struct({
  files: Field.optional(
    Schema.Array(Schema.String),
    "TOML and Markdown files, or folders of them. The files in HUB_HOME when left out.",
  ),
})

export const checkCommand = (validators: Validators): Command =>
  extra({
    path: ["check"],
    summary:
      "Says everything that is wrong with plugins.toml, projects.toml, pipelines, and TOML in Markdown.",
    input: Input,
    positional: ["files"],
    examples: ["hub check", "hub check ./pipelines docs README.md"],
    run: ({ files }, context) =>
      Effect.gen(function* () {
        const base = files === undefined ? context.home : context.cwd
        const names = yield* Effect.try({
          try: () =>
            files === undefined ? ofHome(context.home) : files.flatMap((name) => expanded(base, name)),
          catch: (cause) => unreadable("A folder", cause),
        })
        const found = yield* Effect.forEach(names, (name) => checkFile(validators, base, name, context))
        return report(names.length, found.flat())
      }),
  })

const ofHome = (home: string): ReadonlyArray<string> =>
  ["plugins.toml", "projects.toml", "pipelines"]
    .map((name) => join(home, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => expanded(home, path))

/** A folder stands for the TOML and Markdown files in it, at any depth, hidden ones and dependencies left out. */
const expanded = (cwd: string, name: string): ReadonlyArray<string> => {
  if (statSync(resolve(cwd, name), { throwIfNoEntry: false })?.isDirectory() !== true) return [name]
  return readdirSync(resolve(cwd, name), { withFileTypes: true })
    .filter((one) => !one.name.startsWith(".") && one.name !== "node_modules")
    .filter((one) => one.isDirectory() || (one.isFile() && /\.(toml|md)$/.test(one.name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((one) => expanded(cwd, join(name, one.name)))
}

const checkFile = Effect.fnUntraced(function* (
  validators: Validators,
  cwd: string,
  file: string,
  context: Context,
) {
  const text = yield* readText(cwd, file)
  if (!file.endsWith(".md"))
    return yield* validators[kindByName(file) ?? kindOf(text)]({ file, text }, context)
  const found = yield* Effect.forEach(fences(text), (fence) =>
    Effect.map(validators[fence.kind]({ file, text: fence.text }, context), (all) => all.map(inFile(fence))),
  )
  return found.flat()
})

const inFile =
  ({ column, line }: Fence) =>
  (one: Diagnostic): Diagnostic => ({ ...one, line: one.line + line, column: one.column + column })

const report = (files: number, diagnostics: ReadonlyArray<Diagnostic>) => {
  const errors = diagnostics.filter(({ severity }) => severity === "error").length
  const warnings = diagnostics.length - errors
  return {
    output: { files, errors, warnings, diagnostics },
    text: [
      ...diagnostics.map(lineOf),
      `${files} ${files === 1 ? "file" : "files"}. ${counts(errors, warnings)}`,
    ].join("\n"),
    code: errors > 0 ? 2 : 0,
  }
}

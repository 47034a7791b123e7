/** `hub plugin new|test|info`: for those who write plugins. */
import { resolve } from "node:path"
import { Effect, Schema, type Scope } from "effect"
import { PluginInfo } from "../../host/PluginInfo.ts"
import * as Scaffold from "../../host/Scaffold.ts"
import type { Tested } from "../../host/PluginTest.ts"
import * as Field from "../../plugin/Field.ts"
import * as Operation from "../../plugin/Operation.ts"
import { type Command, extra } from "../cli/Command.ts"

const New = Schema.Struct({
  name: Field.required(
    Schema.NonEmptyString,
    "KIND-NAME, as in agent-acme. KIND: agent, step, condition, operation, route or sink.",
  ),
  into: Field.withDefault(Schema.NonEmptyString, ".", "Folder to make it in."),
})

export const newCommand: Command = extra({
  path: ["plugin", "new"],
  summary:
    "Writes the folder of a new plugin, whose tests pass at once, with the types that an editor needs.",
  input: New,
  positional: ["name"],
  examples: ["hub plugin new agent-acme", "hub plugin new operation-greet --into ~/.hub"],
  run: ({ into, name }, { cwd }) =>
    Effect.map(Scaffold.create(name, resolve(cwd, into)), (made) => ({
      output: made,
      text: [
        `made  ${made.folder}`,
        ...made.files.map((file) => `      ${file}`),
        "",
        "Next",
        ...made.next.map((line) => `  ${line}`),
      ].join("\n"),
    })),
})

const Test = Schema.Struct({
  path: Field.withDefault(Schema.NonEmptyString, ".", "Folder of the plugin."),
})

export type TestPlugin = (
  folder: string,
) => Effect.Effect<ReadonlyArray<Tested>, Operation.OperationFailed, Scope.Scope>

const line = ({ detail, name, ok }: Tested): string =>
  ok ? `  ok      ${name}` : `  FAILED  ${name}\n${(detail ?? "").replace(/^/gm, "          ")}`

const report = (tested: ReadonlyArray<Tested>) => {
  const failed = tested.filter(({ ok }) => !ok).length
  const passed = tested.length - failed
  return {
    output: { passed, failed, checks: tested },
    text: [...tested.map(line), "", `${passed} passed, ${failed} failed`].join("\n"),
    code: failed === 0 ? 0 : 1,
  }
}

export const testCommand = (test: TestPlugin): Command =>
  extra({
    path: ["plugin", "test"],
    summary:
      "Sets a plugin up as its sample.toml says and runs the suite of each kind it contributes, and its own tests.",
    input: Test,
    positional: ["path"],
    examples: ["hub plugin test ./agent-acme"],
    run: ({ path }, { cwd }) => Effect.map(test(resolve(cwd, path)), report),
  })

type Config = PluginInfo["config"][number]

const key = ({ description, key, required, ...rest }: Config): string =>
  `  ${key}${required ? " (required)" : ""}  ${description}${"default" in rest ? ` Default: ${JSON.stringify(rest.default)}.` : ""}`

const text = ({ config, contributions, state }: PluginInfo): string =>
  [
    `${state.instance}  ${state.state}  ${state.use}${state.isolation === "none" ? "" : ` (${state.isolation})`}`,
    ...(state.summary === undefined ? [] : [state.summary]),
    ...(state.failure === undefined ? [] : [`failed in ${state.failure.phase}: ${state.failure.detail}`]),
    "",
    "Config",
    ...(config.length === 0 ? ["  none"] : config.map(key)),
    "",
    "Contributes",
    ...(contributions.length === 0
      ? ["  nothing"]
      : contributions.map(({ id, kind, operation, summary }) =>
          [`  ${kind} ${id}`, summary, ...(operation === undefined ? [] : [facts(operation)])].join("  "),
        )),
  ].join("\n")

type Facts = NonNullable<PluginInfo["contributions"][number]["operation"]>

/** `(dispatch, idempotent, long; cli, mcp)` */
const facts = ({ doors, long, scope, ...is }: Facts): string => {
  const words = (["readonly", "destructive", "idempotent"] as const).filter((word) => is[word])
  const first = [scope, ...words, ...(long === undefined ? [] : ["long"])].join(", ")
  return `(${[first, ...(doors === undefined ? [] : [doors.join(", ")])].join("; ")})`
}

/** The reference of a plugin that runs, for every door. */
export const infoOperation = (
  find: (name: string) => Effect.Effect<PluginInfo | undefined>,
  names: Effect.Effect<ReadonlyArray<string>>,
): Operation.Operation =>
  Operation.make({
    name: "plugin_info",
    title: "Reference of a plugin",
    summary: "Tells what a plugin can be configured with and what it contributes, from its own schemas.",
    input: Schema.Struct({
      name: Field.required(Schema.NonEmptyString, "Its name in plugins.toml, or its id."),
    }),
    output: PluginInfo,
    readonly: true,
    cli: { path: ["plugin", "info"], positional: ["name"] },
    print: text,
    run: ({ name }) =>
      Effect.gen(function* () {
        const found = yield* find(name)
        if (found !== undefined) return found
        const known = (yield* names).join(", ")
        return yield* new Operation.OperationFailed({
          code: "not_found",
          message: `no plugin ${JSON.stringify(name)}. Known: ${known === "" ? "none" : known}.`,
        })
      }),
  })

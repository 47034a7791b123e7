/** `hub install CLIENT`, `hub uninstall CLIENT`: the hub as an MCP server in the configuration of other programs. */
import { join, resolve } from "node:path"
import { Effect, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import { OperationFailed } from "../../plugin/Operation.ts"
import { type Command, type Context, type Done, extra } from "../cli/Command.ts"
import { table } from "../Print.ts"
import { clients, type Machine } from "./install/Clients.ts"
import type { Hub } from "./install/Entry.ts"
import * as Register from "./install/Register.ts"
import * as Standing from "./install/Standing.ts"
import { clientOf, missing, noProject, placeOf, type Scope, signOf } from "./install/Target.ts"

export interface InstallOptions {
  /** Program, absolute, and first arguments that start this hub. */
  readonly self: ReadonlyArray<string>
  readonly platform: NodeJS.Platform
  /** The user's home folder. */
  readonly folder: string
  /** Makes HUB_HOME where it is not there yet. */
  readonly open: Effect.Effect<unknown, { readonly message: string }>
}

const names = clients.map(({ name }) => name).join(", ")
const scope = Field.withDefault(
  Schema.Literals(["user", "project"]),
  "user",
  "For everything you do, or in the files of the folder you stand in.",
)
const dry_run = Field.withDefault(
  Schema.Boolean,
  false,
  "Show what would be changed, line by line, and change nothing.",
)

export const installCommands = (options: InstallOptions): ReadonlyArray<Command> => [
  extra({
    path: ["install"],
    summary: "Registers the hub as an MCP server with another program: a coding agent, an editor.",
    input: Schema.Struct({
      client: Field.optional(Schema.String, `Who is to use the hub: ${names}. Without it, all are listed.`),
      scope,
      trust: Field.optional(
        Schema.Boolean,
        "The client calls the hub's tools without asking, where its entry can say so. Left out: yes for gemini and qwen, no for codex.",
      ),
      dry_run,
      list: Field.withDefault(Schema.Boolean, false, "Show every client, and where the hub is registered."),
      force: Field.withDefault(
        Schema.Boolean,
        false,
        "Also for a client that is not there, in a folder that is no project, and over another server of the hub's name.",
      ),
    }),
    positional: ["client"],
    examples: ["hub install claude", "hub install codex --dry-run", "hub install --list"],
    run: (asked, context) =>
      asked.list || asked.client === undefined
        ? listed(options, context)
        : install(options, context, { ...asked, client: asked.client }),
  }),
  extra({
    path: ["uninstall"],
    summary: "Takes the hub out of another program's configuration, which is then as it was.",
    input: Schema.Struct({
      client: Field.required(Schema.NonEmptyString, `Who is to use it no more: ${names}.`),
      scope,
      dry_run,
    }),
    positional: ["client"],
    examples: ["hub uninstall claude", "hub uninstall vscode --scope project"],
    run: (asked, context) =>
      Effect.gen(function* () {
        const target = yield* targetOf(options, context, asked)
        const outcome = yield* Register.uninstall(target, !asked.dry_run)
        return told(target, outcome, asked.dry_run)
      }),
  }),
]

interface Asked {
  readonly client: string
  readonly scope: Scope
  readonly dry_run: boolean
}

interface Installing extends Asked {
  readonly trust?: boolean | undefined
  readonly force: boolean
}

const install = Effect.fn("Install.install")(function* (
  options: InstallOptions,
  context: Context,
  asked: Installing,
) {
  const target = yield* targetOf(options, context, asked)
  const machine = machineOf(options, context)
  const refused =
    asked.scope === "project" ? noProject(target.client, machine, context.cwd, asked.force) : undefined
  if (refused !== undefined) return yield* refused
  if (!asked.force && signOf(target.client, machine) === undefined)
    return yield* missing(target.client, machine)
  if (asked.trust !== undefined && target.client.trust === undefined)
    return yield* new OperationFailed({
      code: "invalid",
      message: `${target.client.title} has no such setting for a server: leave --trust and --no-trust out.`,
    })
  if (!asked.dry_run) yield* opened(options)
  const hub = hubOf(options, context)
  const outcome = yield* Register.install(
    target,
    { hub, trust: asked.trust, force: asked.force },
    !asked.dry_run,
  )
  return told(target, outcome, asked.dry_run)
})

const opened = ({ open }: InstallOptions) =>
  Effect.mapError(open, ({ message }) => new OperationFailed({ code: "unavailable", message }))

const targetOf = Effect.fnUntraced(function* (options: InstallOptions, context: Context, asked: Asked) {
  const client = clientOf(asked.client)
  if (client instanceof OperationFailed) return yield* client
  const place = placeOf(client, asked.scope, machineOf(options, context), context.cwd)
  if (place !== undefined) return { client, scope: asked.scope, place, home: context.home }
  return yield* new OperationFailed({
    code: "invalid",
    message: `${client.title} reads no file of a project: hub install ${client.name} --scope user`,
  })
})

const machineOf = ({ folder, platform }: InstallOptions, { env }: Context): Machine => ({
  platform,
  home: folder,
  env,
})

const hubOf = ({ folder, self }: InstallOptions, { cwd, globals, home }: Context): Hub => {
  const [program = "", ...first] = self
  const config = globals.config === undefined ? [] : ["--config", resolve(cwd, globals.config)]
  return {
    command: [program, ...first, "serve", "--stdio", ...config],
    env: home === join(folder, ".hub") ? {} : { HUB_HOME: home },
  }
}

const told = (target: Register.Target, outcome: Register.Outcome, isDry: boolean): Done => {
  const { client } = target
  const note = client.notes?.[target.scope]
  const notes = note === undefined || outcome.entry === undefined ? [] : [note]
  return {
    output: {
      client: client.name,
      scope: target.scope,
      applied: !isDry,
      ...outcome,
      ...(outcome.entry === undefined ? {} : { notes }),
    },
    text: [...sentences(outcome, isDry), ...notes].join("\n"),
  }
}

const sentences = ({ backups, change, diff, entry, file }: Register.Outcome, isDry: boolean) => {
  const diffed = diff === undefined ? [] : ["", ...diff, ""]
  const kept = backups === undefined || isDry ? [] : [`kept     what stood there: ${backups}`]
  switch (change) {
    case "none":
      return entry === undefined
        ? [`The hub is not registered in ${file}: there is nothing to take back.`]
        : [`keep     ${file} (it says that already)`]
    case "restored":
      return [`${isDry ? "would restore" : "restored"} ${file}, as it was before the hub came in`, ...diffed]
    case "removed":
      return [
        `${isDry ? "would remove" : "removed"} the hub from ${file}; the rest of it stays as it is`,
        ...kept,
        ...diffed,
      ]
    default:
      return [`${isDry ? "would write" : change.padEnd(8)} ${file}`, ...kept, ...diffed]
  }
}

const listed = Effect.fnUntraced(function* (options: InstallOptions, context: Context) {
  const where = { machine: machineOf(options, context), cwd: context.cwd, hub: hubOf(options, context) }
  const found = yield* Standing.all(where)
  const rows = found.map(({ client, detail = "", file, installed, scope, state }) => [
    client,
    installed === undefined ? "no" : "yes",
    scope,
    words[state],
    state === "unreadable" ? detail : [file, state === "here" ? "" : detail].join("  ").trimEnd(),
  ])
  return {
    output: { clients: found },
    text: table(["client", "there", "scope", "hub", "file"], rows, context.terminal.out),
  } satisfies Done
})

const words: Readonly<Record<Standing.State, string>> = {
  none: "-",
  here: "this one",
  other: "another one",
  stale: "one that is gone",
  foreign: "another server has its name",
  unreadable: "unreadable",
}

/** The command line: operations of the hub, and the commands that are none. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import * as Operations from "../core/dispatch/operations/index.ts"
import { ProjectsToml } from "../core/dispatch/Projects.ts"
import { describe } from "../core/edge/Call.ts"
import * as Cli from "../core/edge/Cli.ts"
import { filesBeside } from "../core/edge/cli/OfFile.ts"
import { ofProcess } from "../core/edge/cli/Process.ts"
import { daemonCommands } from "../core/edge/extras/Daemon.ts"
import { doctorAgentsCommand } from "../core/edge/extras/Agents.ts"
import { checkCommand, type Diagnostic, type Validators } from "../core/edge/extras/Check.ts"
import { doctorCommand } from "../core/edge/extras/Doctor.ts"
import { initCommand } from "../core/edge/extras/Init.ts"
import { logsCommand } from "../core/edge/extras/Logs.ts"
import { recordCommand } from "../core/edge/extras/AgentRecord.ts"
import { recipeCommand } from "../core/edge/extras/Recipes.ts"
import { tokenOperations } from "../core/edge/extras/Tokens.ts"
import { infoOperation, newCommand, testCommand, type TestPlugin } from "../core/edge/extras/Plugins.ts"
import * as HostModules from "../core/host/HostModules.ts"
import * as PluginsCheck from "../core/host/PluginsCheck.ts"
import * as PluginTest from "../core/host/PluginTest.ts"
import type { OperationHandle } from "../core/plugin/Catalogue.ts"
import { implied, type Operation, OperationFailed } from "../core/plugin/Operation.ts"
import { chosen, open, usable } from "../core/live/Home.ts"
import { decode, diagnoseSyntax, parse, type TomlDocument } from "../core/toml/Toml.ts"
import { builtin } from "./builtin.ts"
import { connect } from "./connect.ts"
import { daemonOf } from "./daemonOf.ts"
import { configured, type Wish } from "./home.ts"
import { known, recipes } from "./recipes.ts"
import { registration } from "./registration.ts"
import { lasting, service } from "./service.ts"
import { backupCommand, checks, restoreCommand } from "./state.ts"
import pluginsToml from "../plugins.toml" with { type: "text" }

const handle = (operation: Operation): OperationHandle =>
  ({ plugin: "core", ...operation, ...implied(operation) }) as never

/** For what is shown of their operations without a hub. */
const noTokens = {} as never

/** What is wrong with a text: its syntax, or else what `more` finds. */
const checked =
  (more: (document: TomlDocument) => Effect.Effect<ReadonlyArray<Diagnostic>>): Validators["toml"] =>
  ({ file, text }) =>
    parse(text, file).pipe(
      Effect.flatMap(more),
      Effect.catchTag("TomlSyntax", (error) => Effect.succeed([diagnoseSyntax(error)])),
    )

const nothing: ReadonlyArray<Diagnostic> = []

const validators: Validators = {
  plugins: checked((document) => PluginsCheck.check(document, builtin)),
  projects: checked((document) =>
    Effect.match(decode(ProjectsToml, document), {
      onSuccess: () => nothing,
      onFailure: ({ diagnostics }) => diagnostics,
    }),
  ),
  toml: checked(() => Effect.succeed(nothing)),
  pipeline: ({ file, text }, context) =>
    Effect.gen(function* () {
      const door = yield* context.door("look")
      // A page in a manual names agents that this machine need not have.
      const any_agent = /\.md\b/.test(file)
      const files = yield* filesBeside(context.cwd, file, text)
      const { output } = yield* door.call(
        "lint_pipeline",
        { ...files, file, text, any_agent },
        context.caller,
      )
      return (output as { diagnostics: ReadonlyArray<Diagnostic> }).diagnostics
    }),
}

/** In a home of its own, gone afterwards. */
const testPlugin =
  (self: ReadonlyArray<string>): TestPlugin =>
  (folder) =>
    Effect.gen(function* () {
      HostModules.register({ "hub/testing": () => import("../core/testing/api.ts") })
      const { Workbench, workbench } = yield* Effect.promise(() => import("./compose.ts"))
      const at = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "hub-plugin-test-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
      )
      const tested = Effect.flatMap(Workbench, (around) =>
        PluginTest.run(folder, { ...around, runner: [...self, "__plugin"] }),
      )
      return yield* Effect.provide(tested, workbench(yield* open(at)))
    }).pipe(Effect.mapError(({ message }) => new OperationFailed({ code: "unavailable", message })))

/** Runs the command of this process and gives its exit code. */
export const commandLine = (wish: Wish): Effect.Effect<number> =>
  Effect.gen(function* () {
    const daemon = daemonOf(wish)
    const self = lasting(wish.self)
    const shapes = [
      ...(yield* Operations.shapes),
      infoOperation(() => Effect.never, Effect.never),
      ...tokenOperations(noTokens),
    ]
    const core = shapes.map((operation) => describe(handle(operation)))
    return yield* Cli.run({
      ...ofProcess(),
      version: wish.version,
      home: chosen(),
      core,
      extras: [
        ...daemonCommands(daemon),
        newCommand,
        testCommand(testPlugin(wish.self)),
        initCommand({ plugins: pluginsToml }),
        checkCommand(validators),
        doctorCommand({ program: process.execPath, usable, checks: checks(daemon), known }),
        doctorAgentsCommand({ known }),
        recipeCommand(recipes),
        recordCommand(async () => (await import("./recording.ts")).recorder),
        ...service(self),
        ...registration(self),
        logsCommand,
        backupCommand,
        restoreCommand(wish),
      ],
      connect: (need, { config }) => connect(configured(wish, config), need),
    })
  })

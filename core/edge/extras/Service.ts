/** `hub service install|uninstall|status`: the machine starts the hub, and keeps it running. */
import { join } from "node:path"
import { Effect, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import { OperationFailed } from "../../plugin/Operation.ts"
import { type Command, type Context, extra } from "../cli/Command.ts"
import type { Manager, User } from "./service/Manager.ts"
import { choose } from "./service/choose.ts"
import * as Job from "./service/Job.ts"
import * as Place from "./service/Place.ts"

export interface ServiceOptions {
  /** Program, absolute, and first arguments that start this hub. */
  readonly self: ReadonlyArray<string>
  readonly platform: NodeJS.Platform
  readonly user: User
  readonly run: Job.Run
}

const apply = Field.withDefault(
  Schema.Boolean,
  false,
  "Do it. Without this it is only said what would be done.",
)
const print = Field.withDefault(
  Schema.Boolean,
  false,
  "Print the file that would be written, and nothing else.",
)

export const serviceCommands = (options: ServiceOptions): ReadonlyArray<Command> => [
  extra({
    path: ["service", "install"],
    summary: "Has this machine start the hub when you log in, and keep it running.",
    input: Schema.Struct({ apply, print }),
    examples: ["hub service install", "hub service install --apply"],
    run: (asked, context) =>
      Effect.gen(function* () {
        const manager = yield* managerOf(options, context)
        const { text } = manager
        if (asked.print) return { output: { contents: text }, text: text.trimEnd(), verbatim: true }
        const job = Job.installing(manager, yield* Place.look(manager), options.self)
        return yield* asked.apply ? Job.done(job, options.run, context.env) : Job.told(job)
      }),
  }),
  extra({
    path: ["service", "uninstall"],
    summary: "Takes back what `hub service install` did. Work that runs goes on.",
    input: Schema.Struct({ apply }),
    examples: ["hub service uninstall", "hub service uninstall --apply"],
    run: (asked, context) =>
      Effect.gen(function* () {
        const manager = yield* managerOf(options, context)
        const job = Job.uninstalling(manager, yield* Place.look(manager))
        return yield* asked.apply ? Job.done(job, options.run, context.env) : Job.told(job)
      }),
  }),
  extra({
    path: ["service", "status"],
    summary: "Says whether this machine keeps the hub running. Exit code 1 when it does not.",
    input: Schema.Struct({}),
    run: (_, context) =>
      Effect.gen(function* () {
        const manager = yield* managerOf(options, context)
        const { state } = yield* Place.look(manager)
        const asked = state === "none" ? undefined : yield* options.run(manager.active, context.env)
        return standing(manager, state, asked?.code === 0)
      }),
  }),
]

const managerOf = ({ platform, self, user }: ServiceOptions, { env, home }: Context) =>
  Effect.try({
    try: () => {
      const own = home === join(user.home, ".hub")
      return choose(platform, { self, path: env["PATH"] ?? "", home: own ? undefined : home }, user, env)
    },
    catch: (cause) =>
      cause instanceof OperationFailed
        ? cause
        : new OperationFailed({ code: "internal", message: String(cause) }),
  })

const sentences: Readonly<Record<Place.State, (file: string) => string>> = {
  none: () => "not installed: `hub service install` says what that would do",
  same: (file) => `installed: ${file}`,
  older: (file) =>
    `installed otherwise than now: ${file}. \`hub service install --apply\` brings it up to date`,
  foreign: (file) => `not installed: ${file} is not the hub's`,
}

const standing = ({ file, name }: Manager, state: Place.State, active: boolean) => {
  const text = sentences[state](file)
  const runs = state === "none" ? "" : `\n${name} ${active ? "keeps it running" : "does not run it"}`
  return {
    output: { manager: name, file, state, active },
    text: text + runs,
    code: active && (state === "same" || state === "older") ? 0 : 1,
  }
}

/** The command line: finds the command, reads its arguments, runs it, prints what it came to, and gives the exit code. */
import { isAbsolute } from "node:path"
import { Effect, Exit, Schema, type Scope } from "effect"
import { type Caller, OperationFailed } from "../plugin/Operation.ts"
import { maxInputBytes } from "./Call.ts"
import { type Parsed, parse } from "./cli/Args.ts"
import { type Command, type Context, extra, fieldsOf, fromOperation, type Need } from "./cli/Command.ts"
import { completing, completion } from "./cli/Completion.ts"
import { dispatchCommand } from "./cli/Dispatch.ts"
import { codes, fail, refuse, show } from "./cli/Ending.ts"
import { eventsCommand } from "./cli/Events.ts"
import { below, find, type Found, isWholeGroup, unknownCommand } from "./cli/Find.ts"
import { commandHelp, groupHelp, overview } from "./cli/Help.ts"
import { helpDocument } from "./cli/HelpDocument.ts"
import { lintCommand } from "./cli/Lint.ts"
import { ofOneFile } from "./cli/OfFile.ts"
import { offered } from "./cli/Offered.ts"
import { lines, type Progress, silent, spinner } from "./cli/Progress.ts"
import { replayCommand } from "./cli/Replay.ts"
import { testCommand } from "./cli/Test.ts"
import { type Described, type Door, HubUnreachable } from "./Door.ts"
import { make, type Sink, type Terminal } from "./Terminal.ts"

export { type Command, type Context, extra, type Need } from "./cli/Command.ts"

export interface CliOptions {
  /** Without the program itself. */
  readonly argv: ReadonlyArray<string>
  readonly version: string
  /** HUB_HOME. Where it is not absolute, no command does anything. */
  readonly home: string
  /** The shell's folder, absolute. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The hub's own operations, known without a hub. */
  readonly core: ReadonlyArray<Described>
  readonly extras: ReadonlyArray<Command>
  /** Asked for when a command needs a hub, and not before. */
  readonly connect: (
    need: Need,
    settings: { readonly config?: string | undefined },
  ) => Effect.Effect<Door, HubUnreachable, Scope.Scope>
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: Sink
  readonly stderr: Sink
  /** Ends with the signal that asks the command to stop. Without a listener of ours the process just ends. */
  readonly interrupted: Context["interrupted"]
  /** Left out: somebody always reads. */
  readonly unread?: Context["unread"]
}

/** Runs one command and gives the exit code of the process. */
export const run = Effect.fn("Cli.run")(function* (options: CliOptions): Effect.fn.Return<number> {
  const all = commandsOf(options)
  const asked = isHelp(options.argv) ? yield* help(all, options) : undefined
  if (asked !== undefined) return asked
  const found = find(all, options.argv)
  if (found.command === undefined) return yield* unfound(all, found, options)
  return yield* perform(found.command, found.rest, options)
})

const versionCommand = (version: string): Command =>
  extra({
    path: ["version"],
    summary: "Prints the version.",
    input: Schema.Struct({}),
    run: () => Effect.succeed({ output: { version }, text: version }),
  })

const commandsOf = ({ core, extras, version }: CliOptions): ReadonlyArray<Command> => {
  const made = core.map((one) => (SPECIAL[one.name] ?? same)(fromOperation(one)))
  const listed = [...made, ...extras, completion, versionCommand(version)]
  return [...listed, completing(listed)]
}

const same = (command: Command): Command => command

/** Operations that a person asks more of than a program does. */
const SPECIAL: Readonly<Record<string, (command: Command) => Command>> = {
  dispatch: dispatchCommand,
  run_events: eventsCommand,
  lint_pipeline: lintCommand,
  plan_pipeline: ofOneFile,
  show_pipeline: ofOneFile,
  test_pipeline: testCommand,
  replay_run: replayCommand,
}

const isHelp = ([first]: ReadonlyArray<string>): boolean => first === "help"

const helpFields = fieldsOf({
  properties: { all: { type: "boolean" }, words: { type: "array", items: { type: "string" } } },
})

/** `hub help`, `hub help --all`, `hub help runs show` */
const help = Effect.fnUntraced(function* (all: ReadonlyArray<Command>, options: CliOptions) {
  const parsed = parse({ fields: () => helpFields, positional: ["words"] }, options.argv.slice(1))
  const terminal = terminalOf(options, parsed.plain)
  if (parsed.problems.length > 0) return yield* refuse(parsed.problems, "hub --help", parsed, terminal)
  const words = (parsed.input["words"] ?? []) as ReadonlyArray<string>
  const isComplete = parsed.input["all"] === true
  const found = find(all, words)
  const isKnown = words.length === 0 || found.command !== undefined || isWholeGroup(found)
  const known = isComplete || !isKnown ? yield* withPlugins(all, options, parsed.globals.config) : all
  return yield* tell(known, find(known, words), parsed, terminal, options, isComplete)
})

/** Every command, those of a group, or one: as a page, or as a document for a program. */
const tell = Effect.fnUntraced(function* (
  all: ReadonlyArray<Command>,
  found: Found,
  parsed: Parsed,
  terminal: Terminal,
  { version }: CliOptions,
  isComplete = false,
) {
  const { out } = terminal
  const page = (commands: ReadonlyArray<Command>, text: string) =>
    parsed.globals.json
      ? show({ output: helpDocument(commands, version) }, parsed, out)
      : Effect.as(out.write(`${text}\n`), codes.done)
  if (found.command !== undefined) return yield* page([found.command], commandHelp(found.command, out))
  if (found.words.length === 0) return yield* page(all, overview(all, version, out, isComplete))
  if (isWholeGroup(found)) return yield* page(below(all, found.words), groupHelp(all, found.words, out))
  return yield* refuse([unknownCommand(all, found)], "hub --help", parsed, terminal)
})

/** No such command here: global flags by themselves, a group, or a plugin's command. */
const unfound = Effect.fnUntraced(function* (all: ReadonlyArray<Command>, found: Found, options: CliOptions) {
  const parsed = parse({ fields: () => [], positional: [] }, found.rest)
  if (found.words.length === 0) return yield* wordless(all, found, parsed, options)
  if (isWholeGroup(found)) return yield* group(all, found, parsed, options)
  const isKnown = (commands: ReadonlyArray<Command>) => find(commands, options.argv).command !== undefined
  const more = yield* withPlugins(all, options, parsed.globals.config, isKnown)
  const again = find(more, options.argv)
  if (again.command !== undefined) return yield* perform(again.command, again.rest, options)
  const terminal = terminalOf(options, parsed.plain)
  return yield* refuse([unknownCommand(more, again)], "hub --help", parsed, terminal)
})

const wordless = Effect.fnUntraced(function* (
  all: ReadonlyArray<Command>,
  found: Found,
  parsed: Parsed,
  options: CliOptions,
) {
  const { version } = options
  const terminal = terminalOf(options, parsed.plain)
  const { err, out } = terminal
  if (parsed.problems.length > 0) return yield* refuse(parsed.problems, "hub --help", parsed, terminal)
  if (parsed.help) return yield* tell(all, found, parsed, terminal, options)
  if (parsed.version) return yield* show({ output: { version }, text: version }, parsed, out)
  if (parsed.globals.json) return yield* refuse(["No command."], "hub --help", parsed, terminal)
  yield* err.write(`${overview(all, version, err, false)}\n`)
  return codes.usage
})

const group = Effect.fnUntraced(function* (
  all: ReadonlyArray<Command>,
  found: Found,
  parsed: Parsed,
  options: CliOptions,
) {
  const terminal = terminalOf(options, parsed.plain)
  const words = found.words.join(" ")
  if (parsed.help) return yield* tell(all, found, parsed, terminal, options)
  if (parsed.globals.json)
    return yield* refuse([`${words} needs a command.`], `hub help ${words}`, parsed, terminal)
  yield* terminal.err.write(`${groupHelp(all, found.words, terminal.err)}\n`)
  return codes.usage
})

/** With the commands of plugins, when a hub can be asked. */
const withPlugins = (
  all: ReadonlyArray<Command>,
  options: CliOptions,
  config: string | undefined,
  isEnough: (commands: ReadonlyArray<Command>) => boolean = () => true,
) => {
  const core = new Set(options.core.map(({ name }) => name))
  const more = (operations: ReadonlyArray<Described>) => [
    ...all,
    ...operations.filter(({ name }) => !core.has(name)).map(fromOperation),
  ]
  return options.connect("look", { config }).pipe(
    Effect.flatMap((door) => offered(door, (operations) => isEnough(more(operations)))),
    Effect.map(more),
    Effect.scoped,
    Effect.orElseSucceed(() => all),
  )
}

const perform = Effect.fnUntraced(function* (
  command: Command,
  argv: ReadonlyArray<string>,
  options: CliOptions,
) {
  const parsed = parse(command, argv)
  const terminal = terminalOf(options, parsed.plain)
  const { out } = terminal
  if (parsed.help) {
    const found = { command, words: command.path, rest: [], isGroup: false }
    return yield* tell([], found, parsed, terminal, options)
  }
  if (parsed.problems.length > 0)
    return yield* refuse(parsed.problems, `hub ${command.path.join(" ")} --help`, parsed, terminal)
  const exit = yield* Effect.exit(Effect.scoped(work(command, parsed, terminal, options)))
  return Exit.isSuccess(exit) ? yield* show(exit.value, parsed, out) : yield* fail(exit, parsed, terminal)
})

const work = Effect.fnUntraced(function* (
  command: Command,
  parsed: Parsed,
  terminal: Terminal,
  options: CliOptions,
) {
  yield* settled(options.home)
  const progress = yield* progressOf(command, parsed, terminal)
  return yield* command.run(parsed.input, contextOf(parsed, terminal, progress, options), parsed.marked)
})

/** Seen from another folder it would be another home. */
const settled = (home: string): Effect.Effect<void, HubUnreachable> =>
  isAbsolute(home)
    ? Effect.void
    : Effect.fail(
        new HubUnreachable({
          home,
          message: `HUB_HOME is not an absolute path (${JSON.stringify(home)}). Set HUB_HOME to a path that starts with /.`,
        }),
      )

const progressOf = (
  command: Command,
  { globals }: Parsed,
  { err }: Terminal,
): Effect.Effect<Progress, never, Scope.Scope> => {
  if (globals.quiet || command.speaks) return Effect.succeed(silent(err))
  if (err.isTerminal) return spinner(err, `hub ${command.path.join(" ")}`)
  return Effect.succeed(globals.verbose ? lines(err) : silent(err))
}

const contextOf = (
  { globals }: Parsed,
  terminal: Terminal,
  progress: Progress,
  options: CliOptions,
): Context => {
  const { cwd, env, home } = options
  const parent_run = env["HUB_RUN"]
  const caller: Caller = {
    door: "cli",
    client: `hub ${options.version}`,
    cwd,
    ...(parent_run ? { parent_run } : {}),
  }
  return {
    globals,
    terminal,
    caller,
    cwd,
    home,
    env,
    progress,
    door: (need) => options.connect(need, { config: globals.config }),
    stdin: readAll(options.stdin),
    interrupted: options.interrupted,
    unread: options.unread ?? Effect.never,
  }
}

const terminalOf = ({ env, stderr, stdout }: CliOptions, plain: boolean): Terminal =>
  make({ out: stdout, err: stderr, env, plain })

const readAll = (stdin: CliOptions["stdin"]): Effect.Effect<string, OperationFailed> =>
  Effect.flatMap(
    Effect.promise(() => collect(stdin)),
    (text) =>
      text === undefined
        ? Effect.fail(
            new OperationFailed({
              code: "invalid",
              message: `stdin is larger than ${maxInputBytes / 1_000_000} MB.`,
            }),
          )
        : Effect.succeed(text),
  )

const collect = async (stdin: CliOptions["stdin"]): Promise<string | undefined> => {
  const chunks: Array<Uint8Array> = []
  let length = 0
  for await (const chunk of stdin) {
    length += chunk.length
    if (length > maxInputBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

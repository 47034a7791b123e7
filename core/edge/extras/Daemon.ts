/** `hub serve|start|stop|restart|status`: the life of the one hub of a home, seen from the command line. */
import { Duration, Effect, Option, Ref, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import { OperationFailed } from "../../plugin/Operation.ts"
import { type Command, type Context, extra } from "../cli/Command.ts"
import { codes } from "../cli/Ending.ts"
import { argumentsOf, configOf, type ServeFlags, Serving, serving } from "./daemon/Flags.ts"
import { type Daemon, named, otherVersion, statusBy, statusIfAny } from "./daemon/Reach.ts"
import { ending, patienceOf, stop, type Stopped, stoppedText } from "./daemon/Stop.ts"
import { type Status, statusText } from "./Status.ts"

export const daemonCommands = (daemon: Daemon): ReadonlyArray<Command> =>
  [serveCommand, startCommand, stopCommand, restartCommand, statusCommand].map((make) => make(daemon))

const serveCommand = (daemon: Daemon): Command =>
  extra({
    path: ["serve"],
    summary:
      "Is the hub of this home, in the foreground; one that ends by itself gives way. With --stdio: speaks MCP for one client.",
    input: Schema.Struct({
      ...serving,
      stdio: Field.withDefault(
        Schema.Boolean,
        false,
        "Speak MCP over stdin and stdout, for the hub of this home.",
      ),
      standalone: Field.withDefault(
        Schema.Boolean,
        false,
        "With --stdio: be the hub too, all in this process.",
      ),
    }),
    speaks: true,
    examples: [
      "hub serve",
      "hub serve --http --port 3180",
      "hub serve --stdio",
      "hub serve --stdio --standalone",
    ],
    run: ({ standalone, stdio, ...flags }, context) =>
      Effect.gen(function* () {
        if (stdio || standalone) return yield* aloneWith(stdio, standalone)
        const signal = yield* Effect.raceFirst(
          Effect.as(daemon.serve(flags, context), undefined),
          context.interrupted,
        )
        return { output: { ended_by: signal ?? "itself" }, text: "" }
      }),
  })

/** `main.ts` serves a client before it comes to this. */
const aloneWith = (stdio: boolean, standalone: boolean) =>
  Effect.fail(
    new OperationFailed({
      code: "invalid",
      message:
        standalone && !stdio
          ? "--standalone serves one MCP client: hub serve --stdio --standalone"
          : "--stdio goes with --config, --verbose and --standalone only: the rest is for the hub itself, `hub serve` or `hub start`.",
    }),
  )

const statusCommand = (daemon: Daemon): Command =>
  extra({
    path: ["status"],
    summary: "How the hub itself stands. Starts none; exit code 4 when none is at work.",
    input: Schema.Struct({}),
    examples: ["hub status", "hub status --json"],
    run: (_, context) =>
      Effect.gen(function* () {
        const status = yield* statusIfAny(daemon, context)
        if (Option.isNone(status)) return yield* unanswered(daemon, context)
        const advice = otherVersion(status.value.version, daemon.version)
        return {
          output: { running: true, ...status.value, ...(advice === undefined ? {} : { advice }) },
          text: [statusText(status.value), ...(advice === undefined ? [] : ["", advice])].join("\n"),
        }
      }),
  })

const unanswered = Effect.fnUntraced(function* (daemon: Daemon, { home }: Context) {
  const holder = yield* daemon.holder
  const text =
    holder === undefined
      ? `No hub is at work in ${home}. A command that needs one starts it; \`hub start\` does too.`
      : `${named(holder)} has ${home}, and does not answer. It starts or ends, or hangs: \`hub stop\` ends it.`
  return {
    output: {
      running: false,
      home,
      ...(holder === undefined || holder === "unnamed" ? {} : { holder }),
      advice: text,
    },
    text,
    code: codes.unreachable,
  }
})

const startCommand = (daemon: Daemon): Command =>
  extra({
    path: ["start"],
    summary: "Starts the hub in the background, to stay. Where one is at work to stay already, says so.",
    input: Serving,
    examples: ["hub start", "hub start --http"],
    run: (flags, context) =>
      Effect.gen(function* () {
        const wanted = argumentsOf(flags, configOf(context))
        const known = yield* statusIfAny(daemon, context)
        if (Option.isSome(known) && !makesWay(known.value, wanted))
          return atWork(known.value, false, daemon, otherwise(known.value, wanted))
        const end = Effect.asVoid(stop(daemon, { kill: false, timeout: Duration.seconds(30) }, context))
        yield* daemon.start(wanted, Option.isSome(known) ? end : undefined)
        return atWork(yield* statusBy(daemon, context), true, daemon)
      }),
  })

const isAs = (known: Status, wanted: ReadonlyArray<string>): boolean =>
  known.arguments.join("\n") === wanted.join("\n")

/** A hub that a command has started ends by itself: the one that is asked for by name comes in its place. */
const makesWay = (known: Status, wanted: ReadonlyArray<string>): boolean =>
  known.ends_in_ms !== undefined && !isAs(known, wanted)

const otherwise = (known: Status, wanted: ReadonlyArray<string>): string | undefined =>
  wanted.length === 0 || isAs(known, wanted)
    ? undefined
    : `It was not started so. To have it as you say: hub restart ${wanted.join(" ")}`

const atWork = (status: Status, started: boolean, { version }: Daemon, note?: string) => {
  const where = [status.socket ?? status.home, ...(status.http?.url === undefined ? [] : [status.http.url])]
  const notes = [status.http?.problem, note, otherVersion(status.version, version)].filter(
    (note) => note !== undefined,
  )
  const { http, pid, socket } = status
  return {
    output: { started, pid, version: status.version, socket, http, notes },
    text: [
      `hub ${status.version} ${started ? "is" : "was already"} at work: pid ${pid}, ${where.join(" and ")}`,
      ...notes,
    ].join("\n"),
  }
}

const stopCommand = (daemon: Daemon): Command =>
  extra({
    path: ["stop"],
    summary: "Ends the hub. Agents at work go on; the next hub takes their runs over.",
    input: Schema.Struct(ending),
    examples: ["hub stop", 'hub stop --timeout "5 seconds" --kill'],
    run: (how, context) =>
      Effect.gen(function* () {
        const stopped = yield* stop(daemon, how, context)
        if (stopped === undefined)
          return { output: { stopped: false }, text: `No hub is at work in ${context.home}.` }
        return { output: { stopped: true, ...stopped }, text: stoppedText(stopped) }
      }),
  })

const restartCommand = (daemon: Daemon): Command =>
  extra({
    path: ["restart"],
    summary:
      "Ends the hub and starts this program's version, as the other was started unless told. Runs and clients go over.",
    input: Schema.Struct({ ...serving, ...ending }),
    examples: ["hub restart", "hub restart --http"],
    run: ({ kill, timeout, ...flags }, context) =>
      Effect.gen(function* () {
        const stopped = yield* Ref.make<Stopped | undefined>(undefined)
        const known = yield* statusIfAny(daemon, context, patienceOf(timeout))
        yield* daemon.start(
          argumentsAfter(flags, context, known),
          Effect.flatMap(stop(daemon, { kill, timeout }, context), (one) => Ref.set(stopped, one)),
        )
        return restarted(yield* statusBy(daemon, context), yield* Ref.get(stopped), daemon)
      }),
  })

/** As it was started, unless told. */
const argumentsAfter = (flags: ServeFlags, context: Context, known: Option.Option<Status>) => {
  const wanted = argumentsOf(flags, configOf(context))
  const isDaemon = Option.isSome(known) && known.value.mode === "daemon"
  return wanted.length === 0 && isDaemon ? known.value.arguments : wanted
}

const restarted = (status: Status, stopped: Stopped | undefined, daemon: Daemon) => {
  const { output, text } = atWork(status, true, daemon)
  return stopped === undefined
    ? { output, text }
    : { output: { ...output, stopped }, text: `${stoppedText(stopped)}\n${text}` }
}

/** `hub serve|start|stop|restart|status`: the life of the one hub of a home, seen from the command line. */
import { resolve } from "node:path"
import { Duration, Effect, Option, Ref, Schedule, Schema, type Scope } from "effect"
import * as Field from "../../plugin/Field.ts"
import { OperationFailed } from "../../plugin/Operation.ts"
import type { Holder } from "../../services/Home.ts"
import { type Command, type Context, extra } from "../cli/Command.ts"
import { codes } from "../cli/Ending.ts"
import { decodeWith } from "../cli/Follow.ts"
import type { Door, HubUnreachable } from "../Door.ts"
import { Status, statusText } from "./Status.ts"

/** The hub of this home, as the commands reach it. */
export interface Daemon {
  /** Of this program. */
  readonly version: string
  /** Who has the home, answering or not. */
  readonly holder: Effect.Effect<Holder | "unnamed" | undefined, HubUnreachable>
  /** To the hub at work. Starts none. */
  readonly door: Effect.Effect<Door, HubUnreachable, Scope.Scope>
  /**
   * Starts one in the background, with these arguments after `hub serve`; returns when it answers. `instead` ends the one
   * at work first: whoever waits for the next hub does not start another in between.
   */
  readonly start: (
    args: ReadonlyArray<string>,
    instead?: Effect.Effect<void, OperationFailed | HubUnreachable>,
  ) => Effect.Effect<void, OperationFailed | HubUnreachable>
  /** Is the hub, in this process: until it ends by itself. Tells where it listens. */
  readonly serve: (flags: ServeFlags, context: Context) => Effect.Effect<void, HubUnreachable, Scope.Scope>
}

const Port = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))

const serving = {
  http: Field.withDefault(Schema.Boolean, false, "Serve HTTP, whatever [serve] in plugins.toml says."),
  host: Field.optional(Schema.NonEmptyString, "Address for HTTP; serves it."),
  port: Field.optional(Port, "Port for HTTP, 0 for a free one; serves it."),
  open: Field.withDefault(
    Schema.Boolean,
    false,
    "HTTP without tokens, on a loopback address only; serves it.",
  ),
  idle: Field.optional(
    Field.Span,
    "End after this long without clients, open runs and HTTP, as a hub does that a command has started.",
  ),
}
const Serving = Schema.Struct(serving)
export type ServeFlags = typeof Serving.Type

/** The same arguments again, for `hub serve`. `config` is absolute. */
export const argumentsOf = (
  { host, http, idle, open, port }: ServeFlags,
  config: string | undefined,
): ReadonlyArray<string> => [
  ...(idle === undefined ? [] : ["--idle", `${Duration.toMillis(idle)} millis`]),
  ...(http ? ["--http"] : []),
  ...(host === undefined ? [] : ["--host", host]),
  ...(port === undefined ? [] : ["--port", String(port)]),
  ...(open ? ["--open"] : []),
  ...(config === undefined ? [] : ["--config", config]),
]

export const daemonCommands = (daemon: Daemon): ReadonlyArray<Command> =>
  [serveCommand, startCommand, stopCommand, restartCommand, statusCommand].map((make) => make(daemon))

const serveCommand = (daemon: Daemon): Command =>
  extra({
    path: ["serve"],
    summary: "Is the hub of this home, in the foreground. With --stdio: speaks MCP for one client.",
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
          : `--stdio goes with ${standalone ? "--config and --verbose" : "nothing else, or with --standalone"}: the rest is for the hub itself, \`hub serve\` or \`hub start\`.`,
    }),
  )

const configOf = ({ cwd, globals }: Context): string | undefined =>
  globals.config === undefined ? undefined : resolve(cwd, globals.config)

/** Words for what a hub of another version needs. */
export const otherVersion = (theirs: string, ours: string): string | undefined =>
  theirs === ours
    ? undefined
    : `The hub at work is version ${theirs}, this program ${ours}. \`hub restart\` changes over; its runs go on.`

const statusBy = Effect.fnUntraced(function* (daemon: Daemon, { caller }: Context) {
  const door = yield* daemon.door
  const { output } = yield* door.call("hub_status", {}, caller)
  const status = yield* decodeWith(Status, output)
  return { ...status, clients: status.clients.filter(({ pid }) => pid !== process.pid) }
})

/** A hub that does not answer, or answers in the words of another version, has no status. */
export const statusIfAny = (
  daemon: Daemon,
  context: Context,
  within: Duration.Duration = Duration.seconds(5),
) => Effect.option(Effect.timeout(Effect.scoped(statusBy(daemon, context)), within))

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

export const named = (holder: Holder | "unnamed"): string =>
  holder === "unnamed" ? "A hub" : `hub ${holder.version}, pid ${holder.pid} (${holder.command})`

const startCommand = (daemon: Daemon): Command =>
  extra({
    path: ["start"],
    summary: "Starts the hub in the background, to stay. Where one is at work already, says so.",
    input: Serving,
    examples: ["hub start", "hub start --http"],
    run: (flags, context) =>
      Effect.gen(function* () {
        const known = yield* statusIfAny(daemon, context)
        if (Option.isSome(known)) return atWork(known.value, false, daemon)
        yield* daemon.start(argumentsOf(flags, configOf(context)))
        return atWork(yield* statusBy(daemon, context), true, daemon)
      }),
  })

const atWork = (status: Status, started: boolean, { version }: Daemon) => {
  const where = [status.socket ?? status.home, ...(status.http?.url === undefined ? [] : [status.http.url])]
  const notes = [
    status.http?.problem,
    !started && status.ends_in_ms !== undefined
      ? "It ends by itself when nobody needs it. To have it stay: hub stop, then hub start."
      : undefined,
    otherVersion(status.version, version),
  ].filter((note) => note !== undefined)
  const { http, pid, socket } = status
  return {
    output: { started, pid, version: status.version, socket, http, notes },
    text: [
      `hub ${status.version} ${started ? "is" : "was already"} at work: pid ${pid}, ${where.join(" and ")}`,
      ...notes,
    ].join("\n"),
  }
}

const ending = {
  timeout: Field.withDefault(Field.Span, "30 seconds", "How long the hub may take to end."),
  kill: Field.withDefault(Schema.Boolean, false, "End it the hard way when that time is over."),
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

interface Stopped {
  readonly pid: number
  readonly version: string
  /** Open ones; missing when it did not answer. */
  readonly runs?: number
  readonly killed: boolean
}

const stoppedText = ({ killed, pid, runs = 0, version }: Stopped): string => {
  const end = `hub ${version}, pid ${pid}, has ${killed ? "been killed" : "ended"}.`
  if (runs === 0) return end
  const which = runs === 1 ? "1 run is open: its agent works" : `${runs} runs are open: their agents work`
  return `${end} ${which} on, and the next hub takes over.`
}

const stop = Effect.fnUntraced(function* (
  daemon: Daemon,
  { kill, timeout }: { readonly kill: boolean; readonly timeout: Duration.Duration },
  context: Context,
) {
  const holder = yield* nameOf(daemon)
  if (holder === undefined) return undefined
  const status = yield* statusIfAny(daemon, context, patienceOf(timeout))
  yield* context.progress.status(`waits for pid ${holder.pid} to end`)
  signal(holder.pid, "SIGTERM")
  const inTime = yield* freedIn(daemon, holder, timeout)
  if (!inTime) {
    if (!kill) return yield* tooSlow(holder, timeout)
    signal(holder.pid, "SIGKILL")
    if (!(yield* freedIn(daemon, holder, Duration.seconds(10)))) return yield* tooSlow(holder, timeout)
  }
  return {
    pid: holder.pid,
    version: holder.version,
    killed: !inTime,
    ...whatIsLeft(status),
  } satisfies Stopped
})

/** Who wants it ended soon does not wait long for what it has to say. */
const patienceOf = (timeout: Duration.Duration) => Duration.min(timeout, Duration.seconds(5))

const whatIsLeft = (status: Option.Option<Status>): Pick<Stopped, "runs"> => {
  if (Option.isNone(status)) return {}
  const { queued, running, waiting } = status.value.runs
  return { runs: queued + running + waiting }
}

const often = { times: 100, schedule: Schedule.spaced("50 millis") } as const

/** Somebody who holds the home says so a moment later. Who works in it without being its hub is left alone. */
const nameOf = Effect.fnUntraced(function* (daemon: Daemon) {
  const holder = yield* Effect.repeat(daemon.holder, { ...often, while: (one) => one === "unnamed" })
  if (holder === undefined || (holder !== "unnamed" && holder.command.startsWith("hub serve"))) return holder
  const what = holder === "unnamed" ? "Somebody who does not say its name" : named(holder)
  return yield* new OperationFailed({
    code: "conflict",
    message: `${what} has the home, and is no hub that serves: it ends by itself. Try again in a moment.`,
  })
})

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}

/** Whether it has let the home go in time. */
const freedIn = (daemon: Daemon, { pid, since }: Holder, time: Duration.Duration) =>
  Effect.repeat(daemon.holder, {
    schedule: Schedule.spaced("25 millis"),
    while: (one) => one === "unnamed" || (one?.pid === pid && one.since === since),
  }).pipe(Effect.timeoutOption(time), Effect.map(Option.isSome))

const tooSlow = ({ pid }: Holder, time: Duration.Duration) =>
  Effect.fail(
    new OperationFailed({
      code: "conflict",
      message: `The hub, pid ${pid}, has not ended in ${Duration.format(time)}. \`hub stop --kill\` ends it the hard way; agents work on, and the next hub takes their runs over.`,
      details: { pid },
    }),
  )

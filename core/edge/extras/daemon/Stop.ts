/** Ends the hub of a home, whoever started it. */
import { Duration, Effect, Option, Schedule, Schema } from "effect"
import * as Field from "../../../plugin/Field.ts"
import { OperationFailed } from "../../../plugin/Operation.ts"
import type { Holder } from "../../../services/Home.ts"
import type { Context } from "../../cli/Command.ts"
import type { Status } from "../Status.ts"
import { type Daemon, named, statusIfAny } from "./Reach.ts"

export const ending = {
  timeout: Field.withDefault(Field.Span, "30 seconds", "How long the hub may take to end."),
  kill: Field.withDefault(Schema.Boolean, false, "End it the hard way when that time is over."),
}

export interface Stopped {
  readonly pid: number
  readonly version: string
  /** Open ones; missing when it did not answer. */
  readonly runs?: number
  readonly killed: boolean
}

export const stoppedText = ({ killed, pid, runs = 0, version }: Stopped): string => {
  const end = `hub ${version}, pid ${pid}, has ${killed ? "been killed" : "ended"}.`
  if (runs === 0) return end
  const which = runs === 1 ? "1 run is open: its agent works" : `${runs} runs are open: their agents work`
  return `${end} ${which} on, and the next hub takes over.`
}

/** Undefined when none is at work. */
export const stop = Effect.fnUntraced(function* (
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
export const patienceOf = (timeout: Duration.Duration) => Duration.min(timeout, Duration.seconds(5))

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

/** The start of an attempt's program, or its adoption after a restart, and what both leave in the run's events. */
import { Duration, Effect, Ref } from "effect"
import type { Launch, Permission as Mode } from "../plugin/Agent.ts"
import type { DecoderHandle } from "../plugin/Catalogue.ts"
import type { Limits } from "../pipeline/World.ts"
import { Events } from "../services/Events.ts"
import { Files } from "../services/Files.ts"
import { Secrets } from "../services/Secrets.ts"
import { type Supervised, Supervisor } from "../services/Supervisor.ts"
import * as Follow from "./Follow.ts"
import { Lifecycle } from "./Lifecycle.ts"
import * as Outcome from "./Outcome.ts"
import type { Seen } from "./Seen.ts"

/** Where an attempt belongs. */
export interface Place {
  readonly run_id: string
  readonly cwd: string
  /** The execution point: the attempt's identity inside the run. */
  readonly name: string
  readonly step: string
  readonly limits: Limits
  /** The most that an agent may do here; no limit when left out. */
  readonly most?: Mode | undefined
}

export interface Numbered extends Place {
  readonly attempt: number
  readonly started_at: number
  /** Spool folder. */
  readonly dir: string
  /** It was begun before this hub started. */
  readonly again: boolean
}

export interface Work {
  readonly launch: Launch
  readonly decoder: DecoderHandle
  readonly agent?: string | undefined
  readonly model?: string | undefined
  readonly max_cost_usd?: number | undefined
}

/** Between TERM and KILL. */
const grace = Duration.seconds(5)

export const make = Effect.gen(function* () {
  const events = yield* Events
  const files = yield* Files
  const secrets = yield* Secrets
  const supervisor = yield* Supervisor
  const { leaving } = yield* Lifecycle
  const follow = yield* Follow.make

  /** Tells the run that it is under way. */
  const begun = (at: Numbered, work: Omit<Work, "decoder">, pid: number, adopted: boolean) => {
    const { agent, launch, model } = work
    const args = launch.args.map((argument) => shorten(secrets.redact(argument)))
    const data = { ...(agent === undefined ? {} : { agent }), ...(model === undefined ? {} : { model }) }
    const place = { step: at.step, attempt: at.attempt }
    return Effect.orDie(
      Effect.andThen(
        events.appendOnce(at.run_id, `start:${at.attempt}`, [
          {
            ...place,
            type: "attempt_started",
            data: { ...data, program: launch.program, args, pid, dir: at.dir },
          },
        ]),
        adopted
          ? events.append(at.run_id, [{ ...place, type: "attempt_adopted", data: { pid } }])
          : Effect.void,
      ),
    ).pipe(
      Effect.andThen(noted(`attempt ${adopted ? "adopted" : "starts"}`, { step: at.step, ...data, pid })),
    )
  }

  /** Starts or adopts the program, and follows it to its end. */
  const supervise = Effect.fnUntraced(function* (at: Numbered, work: Work, seen: Seen) {
    const { attempt, cwd, dir, limits, run_id, step } = at
    const { decoder, launch, max_cost_usd } = work
    for (const [name, text] of Object.entries(launch.files ?? {})) {
      yield* Effect.orDie(files.write(`${dir}/${name}`, text))
    }
    const starting = Effect.result(
      supervisor.start({ ...launch, cwd, run_id, dir, time_limit: limits.timeout, grace }),
    )
    // From its start on somebody answers for the program: no interruption comes between the two.
    return yield* Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(starting, (started) => {
        if (started._tag === "Failure")
          return Effect.succeed(Outcome.failed(Outcome.notStarted(started.failure)))
        const supervised = started.success
        const followed = Effect.andThen(
          begun(at, work, supervised.pid, supervised.adopted),
          follow({ run_id, step, attempt, limits, supervised, decoder, seen, max_cost_usd }),
        )
        return Effect.onInterrupt(restore(followed), () => letGo(supervised))
      }),
    )
  })

  /** When the hub goes away the program goes on; when only this attempt is not wanted any more, it ends. */
  const letGo = (supervised: Supervised) =>
    Effect.flatMap(Ref.get(leaving), (going) => (going ? Effect.void : supervised.end))

  return { begun, supervise }
})

const noted = (what: string, facts: object) => Effect.annotateLogs(Effect.logInfo(what), { ...facts })

/** A prompt in an argument may be 100 KB long. */
const shorten = (argument: string) => (argument.length <= 200 ? argument : `${argument.slice(0, 199)}…`)

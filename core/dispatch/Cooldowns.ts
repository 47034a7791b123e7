/** Which agent accounts are cooling: the breaker of `fallback`, kept per agent and model, also across restarts. */
import { Clock, Context, Effect, Layer } from "effect"
import * as Cooldown from "../pipeline/Cooldown.ts"
import type { Cooling } from "../pipeline/World.ts"
import type { Failure } from "../plugin/Failure.ts"
import { Events } from "../services/Events.ts"
import { Sql } from "../services/Sql.ts"

interface Row {
  readonly agent: string
  /** Empty: the agent's own default model. */
  readonly model: string
  readonly until: number
  readonly class: Cooling["class"]
  readonly because: string
  readonly strikes: number
  readonly overloaded: number
}

export interface CoolingAgent extends Cooling {
  readonly agent: string
  readonly model: string | undefined
}

interface At {
  readonly run_id: string
  readonly step: string
  readonly attempt: number
}

const make = Effect.gen(function* () {
  const sql = yield* Sql
  const events = yield* Events

  const find = (agent: string, model: string | undefined) =>
    Effect.map(
      sql.all<Row>("select * from cooldowns where agent = ? and model = ?", [agent, model ?? ""]),
      (rows) => rows[0],
    )

  const forget = (agent: string, model: string | undefined) =>
    sql.run("delete from cooldowns where agent = ? and model = ?", [agent, model ?? ""])

  const keep = (
    run_id: string,
    agent: string,
    model: string | undefined,
    struck: Cooldown.Struck,
    now: number,
  ) =>
    sql.run(
      `insert or replace into cooldowns (agent, model, until, class, because, strikes, overloaded, since, run_id)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        agent,
        model ?? "",
        struck.cooling?.until ?? 0,
        struck.cooling?.class ?? "overloaded",
        struck.cooling?.because ?? "",
        struck.strikes.strikes,
        struck.strikes.overloaded,
        now,
        run_id,
      ],
    )

  const strike = Effect.fnUntraced(function* (
    at: At,
    agent: string,
    model: string | undefined,
    failure: Failure,
  ) {
    const now = yield* Clock.currentTimeMillis
    const before = (yield* find(agent, model)) ?? Cooldown.none
    const struck = Cooldown.strike(failure.facts, before, now)
    if (struck.cooling === undefined && struck.strikes.overloaded === 0 && before === Cooldown.none) return
    yield* keep(at.run_id, agent, model, struck, now)
    if (struck.cooling === undefined) return
    yield* events.appendOnce(at.run_id, `cooldown:${at.attempt}`, [
      {
        type: "cooldown_started",
        step: at.step,
        attempt: at.attempt,
        data: {
          agent,
          ...(model === undefined ? {} : { model }),
          until: struck.cooling.until,
          class: struck.cooling.class,
        },
      },
    ])
  })

  return {
    /** Is this account cooling now? */
    of: Effect.fnUntraced(function* (agent: string, model: string | undefined) {
      const row = yield* find(agent, model)
      const now = yield* Clock.currentTimeMillis
      if (row === undefined || row.until <= now) return undefined
      return { until: row.until, class: row.class, because: row.because } satisfies Cooling
    }),

    all: Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const rows = yield* sql.all<Row>("select * from cooldowns where until > ? order by agent, model", [now])
      return rows.map(({ agent, because, class: class_, model, until }): CoolingAgent => ({
        agent,
        model: model === "" ? undefined : model,
        until,
        class: class_,
        because,
      }))
    }),

    /** What an attempt's end means for its account: a failure may start a cooldown, a success clears it. */
    note: (at: At, agent: string, model: string | undefined, failure: Failure | undefined) =>
      Effect.orDie(
        failure === undefined ? Effect.asVoid(forget(agent, model)) : strike(at, agent, model, failure),
      ),
  }
})

export class Cooldowns extends Context.Service<Cooldowns, Effect.Success<typeof make>>()(
  "hub/dispatch/Cooldowns",
) {}
export const layer: Layer.Layer<Cooldowns, never, Sql | Events> = Layer.effect(Cooldowns, make)

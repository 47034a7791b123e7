/** Agents as a resource: who can be asked, and who rests. */
import { Clock, Effect, Option, Stream } from "effect"
import { Registry } from "../../plugin/Catalogue.ts"
import * as Resource from "../../plugin/Resource.ts"
import { Events } from "../../services/Events.ts"
import { calm } from "../Calm.ts"
import { Cooldowns } from "../Cooldowns.ts"
import { agentsNow } from "../operations/catalogue.ts"
import { said } from "../Refusal.ts"
import { json } from "./json.ts"

/** A refusal starts a rest, a success ends it. */
const telling = new Set(["cooldown_started", "step_succeeded", "step_failed"])

export const make = Effect.gen(function* () {
  const cooldowns = yield* Cooldowns
  const events = yield* Events
  const registry = yield* Registry
  const now = Effect.map(yield* agentsNow, json)

  /** Until the first of those that rest may be asked again. */
  const rest = Effect.gen(function* () {
    const at = yield* Clock.currentTimeMillis
    const [first] = (yield* cooldowns.all).map(({ until }) => until).toSorted((a, b) => a - b)
    return first === undefined ? Option.none() : Option.some(Math.max(1, first - at))
  })

  /** How it reads now, and again each time that somebody has rested enough. */
  const readings = Stream.paginate(0, (pause: number) =>
    Effect.orDie(
      Effect.gen(function* () {
        if (pause > 0) yield* Effect.sleep(pause)
        // Asked first: who has rested enough between the two is read once more.
        const left = yield* rest
        return [[yield* now], left] as const
      }),
    ),
  )

  const news = Stream.merge(
    registry.changes,
    Stream.filter(events.live, ({ type }) => telling.has(type)),
  )

  return [
    Resource.make({
      uri: "hub://agents",
      name: "agents",
      title: "Agents",
      summary:
        "The agents that work can be given to, and which of them are cooling, as list_agents tells it.",
      mime: "application/json",
      read: () => said(now),
      changes: () =>
        calm(news).pipe(
          Stream.switchMap(() => readings),
          Stream.changes,
          Stream.drop(1),
        ),
    }),
  ]
})

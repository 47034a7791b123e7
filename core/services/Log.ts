/** What a line of the log says beside its message, under the same names everywhere. */
import { Effect, References } from "effect"

/** From the least important on. */
export const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const
export type Level = (typeof levels)[number]

export interface About {
  /** The room, or `plugin` and its name: `dispatch`, `plugin:acme`. `hub` when nobody says. */
  readonly component?: string
  readonly run?: string
  readonly attempt?: number
  /** Who asks, as in `Caller`. */
  readonly client?: string
  readonly door?: string
  readonly operation?: string
  /** Its name, never its text. */
  readonly token?: string
}

/** Whatever is logged inside says this too. */
export const about =
  (facts: About) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.annotateLogs(effect, { ...facts })

/** Whatever a plugin, by its name in plugins.toml, logs inside. */
export const ofPlugin = (name: string) => about({ component: `plugin:${name}` })

/** The same for work that outlives whoever asked for it: what was said of them is forgotten. */
export const aboutOnly =
  (facts: About) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(effect, References.CurrentLogAnnotations, { ...facts })

/** Waiting for plugins that still start: an agent of one of them is not missing. */
import { Effect, Stream } from "effect"
import { type Catalogue, type Registry, startingOf } from "../plugin/Catalogue.ts"

const isSettled = (catalogue: Catalogue): boolean => startingOf(catalogue).length === 0

/** Longer than a plugin may take for its setup. */
const longest = "15 seconds"

/** The catalogue once no plugin starts any more, or as it is when that takes longer. */
export const settled = Effect.fnUntraced(function* (registry: Registry["Service"]) {
  const now = yield* registry.current
  if (isSettled(now)) return now
  yield* registry.changes.pipe(Stream.filter(isSettled), Stream.runHead, Effect.timeoutOption(longest))
  return yield* registry.current
})

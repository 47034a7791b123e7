/** A condition of core as it stands in a catalogue. */
import type { Effect, Schema } from "effect"
import type { ConditionHandle } from "../../plugin/Catalogue.ts"
import type { ConditionContext, Verdict } from "../../plugin/Condition.ts"

export const handle = <C extends Schema.Codec<unknown, unknown>>(condition: {
  readonly id: string
  readonly summary: string
  readonly config: C
  readonly holds: (config: C["Type"], context: ConditionContext) => Effect.Effect<Verdict>
}): ConditionHandle => ({ plugin: "core", ...condition }) as never

/** Names in a sentence, cut where there are many. */
export const some = (names: ReadonlyArray<string>): string =>
  names.length <= 3 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`

/** Whether the hub is going away: then a running attempt is left alone for the next hub, instead of being ended. */
import { Context, Effect, Layer, Ref } from "effect"

export class Lifecycle extends Context.Service<Lifecycle, { readonly leaving: Ref.Ref<boolean> }>()(
  "hub/dispatch/Lifecycle",
) {}

export const layer = Layer.effect(
  Lifecycle,
  Effect.map(Ref.make(false), (leaving) => ({ leaving })),
)

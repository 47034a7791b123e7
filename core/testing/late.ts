/** A plugin that still starts, and what it brings once it has. */
import { Effect, Layer, SubscriptionRef } from "effect"
import { type Catalogue, empty, type PluginState, Registry } from "../plugin/Catalogue.ts"
import { shell } from "./hub.ts"

const plugin = (state: PluginState["state"]): PluginState => ({
  instance: "late",
  use: "./late.py",
  isolation: "process",
  startup: "optional",
  state,
  contributes: {},
  starts: 1,
})

export const starting: Catalogue = { ...empty, revision: 1, plugins: [plugin("starting")] }
export const failed: Catalogue = { ...empty, revision: 1, plugins: [plugin("failed")] }
/** With the agent `late`. */
export const ready: Catalogue = {
  ...empty,
  revision: 2,
  plugins: [plugin("ready")],
  agents: new Map([["late", shell("late", "cat")]]),
}

/** A registry with this catalogue, and what changes it. */
export const registryOf = (first: Catalogue) =>
  Effect.map(SubscriptionRef.make(first), (now) => ({
    become: (next: Catalogue) => SubscriptionRef.set(now, next),
    registry: Layer.succeed(Registry, {
      current: SubscriptionRef.get(now),
      changes: SubscriptionRef.changes(now),
    }),
  }))

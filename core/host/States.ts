/** How each instance does, as the catalogue shows it. */
import { Effect } from "effect"
import type { PluginPhase, PluginState } from "../plugin/Catalogue.ts"
import { ofPlugin } from "../services/Log.ts"
import { type Handles, idsOf, none } from "./Handles.ts"
import type { Instances } from "./Instances.ts"
import type { Instance } from "./PluginsToml.ts"
import type { Catalogues } from "./Registry.ts"
import type { Started } from "./Start.ts"

type Known = Partial<Pick<Started, "id" | "summary">>

interface Reason {
  readonly phase: PluginPhase
  readonly detail: string
}

export type States = ReturnType<typeof make>

export const make = (catalogues: Catalogues["Service"], instances: Instances) => {
  const show = (
    { isolation, name, startup, use }: Instance,
    state: PluginState["state"],
    more: Partial<PluginState> = {},
    handles: Handles = none,
  ) =>
    catalogues.put(name, {
      handles,
      state: {
        instance: name,
        use,
        isolation,
        startup,
        state,
        contributes: idsOf(handles),
        starts: instances.of(name).starts,
        ...more,
      },
    })

  return {
    starting: (instance: Instance) => show(instance, "starting"),

    ready: (instance: Instance, { handles, id, summary }: Started) =>
      Effect.andThen(
        show(instance, "ready", { id, summary }, handles),
        ofPlugin(instance.name)(Effect.logInfo("plugin is ready")),
      ),

    /** `known`: what the plugin had said of itself by then. */
    failed: (instance: Instance, { detail, phase }: Reason, known: Known = {}) =>
      Effect.andThen(
        show(instance, "failed", { ...known, failure: { phase, detail } }),
        ofPlugin(instance.name)(Effect.logError(`plugin failed in ${phase}: ${detail}`)),
      ),

    /** A call broke: the plugin stays, and says what happened last. */
    broke: (name: string) => (detail: string) =>
      Effect.flatMap(catalogues.get(name), (entry) => {
        if (entry?.state?.state !== "ready") return Effect.void
        const state = { ...entry.state, failure: { phase: "call" as const, detail } }
        return Effect.andThen(
          catalogues.put(name, { ...entry, state }),
          ofPlugin(name)(Effect.logWarning(detail)),
        )
      }),

    gone: (name: string) =>
      Effect.andThen(catalogues.put(name, undefined), ofPlugin(name)(Effect.logInfo("plugin is gone"))),
  }
}

/** What the official conformance suites expect of a server, through the ordinary contract of a plugin. */
import { Effect, Schema, SubscriptionRef } from "effect"
import { Plugin } from "hub/plugin"
import { asking } from "./asking.ts"
import { changing } from "./changing.ts"
import { contents } from "./contents.ts"
import { jobsIn } from "./jobs.ts"
import { prompts, resourcesOf, touching } from "./readings.ts"

export default Plugin.define({
  id: "test-conformance",
  summary: "Offers what the MCP conformance suites ask for.",
  config: Schema.Struct({}),
  setup: Effect.fnUntraced(function* () {
    const watched = yield* SubscriptionRef.make(0)
    return yield* changing({
      operations: [...contents, ...asking, ...jobsIn(yield* Effect.scope), touching(watched)],
      resources: resourcesOf(watched),
      prompts,
    })
  }),
})

/** Knows whether a vendor's service is up, from its status page. */
import { Effect, Ref, Schedule, Schema } from "effect"
import { Condition, Field, Http, Plugin } from "hub/plugin"

const Config = Schema.Struct({
  url: Field.required(Schema.NonEmptyString, "Page that answers with 200 while the service is up."),
  every: Field.withDefault(Field.Span, "1 minute", "Pause between two looks."),
})

export default Plugin.define({
  id: "condition-status",
  summary: "A condition on a vendor's status page.",
  config: Config,
  setup: Effect.fn("condition-status.setup")(function* (config, self) {
    const http = yield* Http
    const seen = yield* Ref.make("not asked yet")
    const look = http.request({ url: config.url, timeout: "5 seconds" }).pipe(
      Effect.map(({ status }) => (status === 200 ? "up" : `answers with ${status}`)),
      Effect.catch((error) => Effect.succeed(error.detail)),
      Effect.flatMap((state) => Ref.set(seen, state)),
    )
    yield* look
    // Ends with the plugin: a fiber belongs to the scope that it is forked in.
    yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(config.every)))
    yield* Effect.addFinalizer(() => Effect.logInfo(`${self.instance} watches no more`))
    const up = Condition.make({
      id: "vendor_up",
      summary: "Holds while the vendor's status page says so.",
      config: Schema.Boolean,
      holds: (wanted) =>
        Effect.map(Ref.get(seen), (state) => ({
          holds: (state === "up") === wanted,
          because: `${config.url}: ${state}`,
        })),
    })
    return { conditions: [up] }
  }),
})

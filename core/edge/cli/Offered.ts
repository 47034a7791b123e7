/** What a hub offers, when some of it is still on its way: a hub that was just started has plugins that start. */
import { Effect, Option, Schedule, Schema } from "effect"
import type { OperationFailed } from "../../plugin/Operation.ts"
import type { Described, Door } from "../Door.ts"

/** How long one who was asked for something by name waits for the plugin that may bring it. */
const within = { times: 50, schedule: Schedule.spaced("100 millis") } as const

/** The operations as they are once they are enough, or no plugin starts any more. */
export const offered = (
  door: Door,
  isEnough: (operations: ReadonlyArray<Described>) => boolean,
): Effect.Effect<ReadonlyArray<Described>, OperationFailed> =>
  Effect.gen(function* () {
    // In this order: a plugin that is ready in between is among the operations.
    const isStarting = yield* anyStarts(door)
    const operations = yield* door.operations
    return { operations, isDone: !isStarting || isEnough(operations) }
  }).pipe(
    Effect.repeat({ ...within, until: ({ isDone }) => isDone }),
    Effect.map(({ operations }) => operations),
  )

const Plugins = Schema.Struct({ plugins: Schema.Array(Schema.Struct({ state: Schema.String })) })

/** Who does not say so waits for none. */
const anyStarts = (door: Door): Effect.Effect<boolean> =>
  door.call("list_plugins", {}, { door: "cli", client: "hub" }).pipe(
    Effect.map(({ output }) => Schema.decodeUnknownOption(Plugins)(output)),
    Effect.map(Option.exists(({ plugins }) => plugins.some(({ state }) => state === "starting"))),
    Effect.orElseSucceed(() => false),
  )

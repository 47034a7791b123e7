/** What is handed to a tool, of an agent that asks for the call first: opencode 1.18.33 tells it in the same breath, behind the question. */
import { Deferred, type Duration, Effect } from "effect"
import { Reading } from "hub/plugin"

type Json = Reading.Json

export class Inputs {
  readonly #breath: Duration.Input
  readonly #awaited = new Map<string, Deferred.Deferred<void>>()

  /** `breath`: how long it is waited for. */
  constructor(breath: Duration.Input) {
    this.#breath = breath
  }

  /** Of each call, whatever is told of it. */
  heard(update: Json): Effect.Effect<void> {
    const awaited = update["rawInput"] === undefined ? undefined : this.#awaited.get(idOf(update))
    return awaited === undefined ? Effect.void : Effect.asVoid(Deferred.succeed(awaited, undefined))
  }

  /** Until it is known. `call`: all that is known of it. */
  whole(call: Json): Effect.Effect<void> {
    if (Object.keys(Reading.asObject(call["rawInput"]) ?? { some: true }).length > 0) return Effect.void
    return Effect.suspend(() => {
      const awaited = Deferred.makeUnsafe<void>()
      this.#awaited.set(idOf(call), awaited)
      return Effect.ensuring(
        Effect.timeoutOption(Deferred.await(awaited), this.#breath),
        Effect.sync(() => this.#awaited.delete(idOf(call))),
      )
    })
  }
}

const idOf = (call: Json): string => Reading.asText(call["toolCallId"]) ?? ""

import { expect } from "bun:test"
import { Effect, Schema } from "effect"
import { effect } from "../testing/effect.ts"
import * as Failure from "./Failure.ts"

effect(
  "the facts of a failure are whole: they decode, message included",
  Effect.gen(function* () {
    const failure = Failure.of("rate_limited", "Wait.", { retry_after_ms: 30_000 })
    expect(yield* Schema.decodeUnknownEffect(Failure.FailureFacts)(failure.facts)).toEqual({
      class: "rate_limited",
      message: "Wait.",
      retry_after_ms: 30_000,
    })
  }),
)

effect(
  "what is known already stays when more is said",
  Effect.sync(() => {
    const failure = Failure.of("auth", "No key.", { step: "write" }).with({ step: "outer", agent: "claude" })
    expect(failure.facts).toEqual({ class: "auth", message: "No key.", step: "write", agent: "claude" })
  }),
)

import { expect } from "bun:test"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { effect } from "../../testing/effect.ts"
import { spinner } from "./Progress.ts"

effect(
  "the spinner comes after a second, gives way to lines, and leaves nothing behind",
  Effect.gen(function* () {
    const written: Array<string> = []
    const screen = {
      isTerminal: true,
      width: 40,
      paint: (_: string, text: string) => text,
      write: (text: string) => Effect.sync(() => void written.push(text)),
    }
    const fiber = yield* Effect.forkChild(
      Effect.scoped(
        Effect.gen(function* () {
          const progress = yield* spinner(screen, "hub test")
          yield* Effect.sleep("1050 millis")
          yield* progress.line("a line")
          yield* progress.status("now this")
          yield* Effect.sleep("100 millis")
        }),
      ),
    )
    yield* TestClock.adjust("990 millis")
    expect(written).toEqual([])
    yield* TestClock.adjust("2 seconds")
    yield* Fiber.join(fiber)
    expect(written[0]).toStartWith("\r\u001b[K⠋ hub test  1.0 s")
    expect(written.slice(1, 3)).toEqual(["\r\u001b[K", "a line\n"])
    expect(written.at(-2)).toContain("now this")
    expect(written.at(-1)).toBe("\r\u001b[K")
  }),
)

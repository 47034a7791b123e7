/** What a person sees on stderr while a command takes its time. */
import { Clock, Effect, Ref, type Scope } from "effect"
import { duration } from "../Print.ts"
import { cut, type Screen } from "../Terminal.ts"

export interface Progress {
  /** A line that stays. */
  readonly line: (text: string) => Effect.Effect<void>
  /** A line that is also written when nobody wants progress. */
  readonly note: (text: string) => Effect.Effect<void>
  /** What is going on now. */
  readonly status: (text: string) => Effect.Effect<void>
}

export const silent = (screen: Screen): Progress => ({
  line: () => Effect.void,
  note: (text) =>
    screen.write(`${text}
`),
  status: () => Effect.void,
})

/** Lines without a spinner. */
export const lines = (screen: Screen): Progress => ({
  ...silent(screen),
  line: (text) => screen.write(`${text}\n`),
})

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
const CLEAR = "\r\u001b[K"

/** A spinner from the first second on, gone with the scope. */
export const spinner = Effect.fnUntraced(function* (
  screen: Screen,
  label: string,
): Effect.fn.Return<Progress, never, Scope.Scope> {
  const text = yield* Ref.make(label)
  const shown = yield* Ref.make(false)
  const start = yield* Clock.currentTimeMillis
  const draw = Effect.gen(function* () {
    const took = (yield* Clock.currentTimeMillis) - start
    const frame = FRAMES[Math.floor(took / 100) % FRAMES.length] ?? ""
    yield* Ref.set(shown, true)
    yield* screen.write(
      CLEAR +
        screen.paint("dim", cut(`${frame} ${yield* Ref.get(text)}  ${duration(took)}`, screen.width - 1)),
    )
  })
  const clear = Effect.flatMap(Ref.getAndSet(shown, false), (is) => (is ? screen.write(CLEAR) : Effect.void))
  yield* Effect.addFinalizer(() => clear)
  yield* Effect.forkScoped(
    Effect.andThen(
      Effect.sleep("1 second"),
      Effect.forever(Effect.andThen(draw, Effect.sleep("100 millis"))),
    ),
  )
  const line = (line: string) => Effect.andThen(clear, screen.write(`${line}\n`))
  return {
    line,
    note: line,
    status: (now) => Ref.set(text, now),
  }
})

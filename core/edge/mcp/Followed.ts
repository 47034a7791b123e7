/** One resource that somebody follows, for as long as somebody does, whichever instance of its plugin gives it. */
import { Effect, type Fiber, Latch, Stream } from "effect"
import type { ResourceHandle } from "../../plugin/Catalogue.ts"
import type { Found } from "./Readings.ts"
import type { Fork } from "./Settle.ts"

/** At most ten notifications a second: what happens in between is told once. */
const pause = "100 millis"

export class Followed {
  /** Those who follow it. */
  count = 0
  private readonly fork: Fork
  private readonly changed = Latch.makeUnsafe()
  private readonly telling: Fiber.Fiber<void>
  /** None while its plugin is away. */
  private resource: ResourceHandle | undefined
  private following: Fiber.Fiber<void> | undefined

  /** `tell`: it reads differently now. */
  constructor(found: Found, fork: Fork, tell: () => unknown) {
    this.fork = fork
    this.telling = fork(telling(this.changed, tell))
    this.follow(found)
  }

  /** Of an instance that was started again: it may have changed while nobody followed. */
  take(found: Found | undefined): void {
    if (found?.resource === this.resource) return
    this.follow(found)
    if (found !== undefined) this.changed.openUnsafe()
  }

  end(): void {
    this.following?.interruptUnsafe()
    this.telling.interruptUnsafe()
  }

  private follow(found: Found | undefined): void {
    this.following?.interruptUnsafe()
    this.resource = found?.resource
    this.following = found === undefined ? undefined : this.fork(noting(found, this.changed))
  }
}

const noting = ({ resource: { changes }, variables }: Found, changed: Latch.Latch): Effect.Effect<void> =>
  changes === undefined ? Effect.void : Stream.runForEach(changes(variables), () => changed.open)

const telling = (changed: Latch.Latch, tell: () => unknown): Effect.Effect<never> =>
  Effect.forever(
    Effect.gen(function* () {
      yield* changed.await
      yield* changed.close
      yield* Effect.ignore(Effect.tryPromise(async () => tell()))
      yield* Effect.sleep(pause)
    }),
  )

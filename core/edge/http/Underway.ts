/** The calls under way, so that a hub that ends can let them finish. */
import { Effect, Exit, Fiber } from "effect"

/** A hub that ends lets calls that change something finish, but no longer than this. */
const finishWithin = 5_000

type Fork = <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>

interface Call {
  readonly isLooking: boolean
  readonly fiber: Fiber.Fiber<unknown, unknown>
}

export class Underway {
  readonly #fork: Fork
  readonly #open = new Set<Call>()
  hasEnded = false

  constructor(fork: Fork) {
    this.#fork = fork
  }

  get size(): number {
    return this.#open.size
  }

  /** A client that hangs up ends its call. `isLooking`: it changes nothing, and may be broken off. */
  async run<A, E>(
    effect: Effect.Effect<A, E>,
    signal: AbortSignal,
    isLooking: boolean,
  ): Promise<Exit.Exit<A, E>> {
    if (this.hasEnded) return Exit.interrupt()
    const fiber = this.#fork(effect)
    const call = { isLooking, fiber }
    const stop = () => fiber.interruptUnsafe()
    this.#open.add(call)
    signal.addEventListener("abort", stop)
    try {
      return await Effect.runPromise(Fiber.await(fiber))
    } finally {
      signal.removeEventListener("abort", stop)
      this.#open.delete(call)
    }
  }

  async end(): Promise<void> {
    this.hasEnded = true
    for (const { fiber, isLooking } of this.#open) if (isLooking) fiber.interruptUnsafe()
    const all = [...this.#open].map(({ fiber }) => Effect.runPromise(Fiber.await(fiber)))
    await Promise.race([Promise.all(all), Bun.sleep(finishWithin)])
    for (const { fiber } of this.#open) fiber.interruptUnsafe()
  }
}

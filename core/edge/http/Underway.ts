/** The calls under way, so that a hub that ends can let them finish. */
import { Effect, Exit, Fiber } from "effect"

/** A hub that ends lets calls that change something finish, but no longer than this. */
const finishWithin = 5_000

type Fork = <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>

interface Call {
  readonly isLooking: boolean
  fiber?: Fiber.Fiber<unknown, unknown>
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
    const call: Call = { isLooking }
    this.#open.add(call)
    const fiber = (call.fiber = this.#fork(effect))
    const stop = () => fiber.interruptUnsafe()
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
    this.#stop(({ isLooking }) => isLooking)
    const all = this.#fibers(() => true).map((fiber) => Effect.runPromise(Fiber.await(fiber)))
    await Promise.race([Promise.all(all), Bun.sleep(finishWithin)])
    this.#stop(() => true)
  }

  #stop(which: (call: Call) => boolean): void {
    for (const fiber of this.#fibers(which)) fiber.interruptUnsafe()
  }

  #fibers(which: (call: Call) => boolean): ReadonlyArray<Fiber.Fiber<unknown, unknown>> {
    return [...this.#open].filter(which).flatMap(({ fiber }) => fiber ?? [])
  }
}

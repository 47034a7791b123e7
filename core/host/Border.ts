/** The error border: what a plugin's functions may do to the rest of the hub, which is nothing. */
import { Cause, Context, Duration, Effect, Fiber, identity, Tracer } from "effect"
import { Failure, of as failureOf } from "../plugin/Failure.ts"
import { OperationFailed } from "../plugin/Operation.ts"
import type { PluginServices } from "../plugin/Plugin.ts"
import { ofPlugin } from "../services/Log.ts"
import { redactAll, Secrets } from "../services/Secrets.ts"
import { running } from "./Guard.ts"
import { explain } from "./Loader.ts"

/** How long the hub waits for a plugin. */
export interface Limits {
  /** `setup`, with loading its code. */
  readonly setup: Duration.Duration
  /** How long the others wait for a slow plugin at the start. */
  readonly patience: Duration.Duration
  /** A condition's answer, a launch, a decoder's answer, a prompt, a resource. */
  readonly answer: Duration.Duration
  /** An operation. */
  readonly operation: Duration.Duration
  /** Releasing what setup acquired. */
  readonly stop: Duration.Duration
  /** Between signs of life of a plugin in a worker or process that works on a step. */
  readonly heartbeat: Duration.Duration
}

export const limits: Limits = {
  setup: Duration.seconds(10),
  patience: Duration.seconds(1),
  answer: Duration.seconds(10),
  operation: Duration.minutes(5),
  stop: Duration.seconds(10),
  heartbeat: Duration.seconds(10),
}

/** One instance's border. */
export interface Border {
  readonly plugin: string
  /** The plugin's entry file, to find its lines in a stack. */
  readonly file: string
  readonly limits: Limits
  readonly services: Context.Context<PluginServices>
  /** Writes down that a call broke; the plugin stays. */
  readonly broke: (detail: string) => Effect.Effect<void>
}

/** For functions that fail with `Failure`: anything else becomes a Failure of class `crashed`, a hang `timed_out`. */
export const failing = <A, R extends PluginServices = never>(
  border: Border,
  what: string,
  effect: () => Effect.Effect<A, Failure, R>,
  limit?: Duration.Duration,
): Effect.Effect<A, Failure> =>
  guarded(
    border,
    what,
    effect,
    limit,
    (error) => error instanceof Failure,
    (detail, hung) => failureOf(hung ? "timed_out" : "crashed", detail),
  )

/** For functions that fail with `OperationFailed`: anything else becomes one with code `internal`, a hang `unavailable`. */
export const operating = <A, R extends PluginServices = never>(
  border: Border,
  what: string,
  effect: () => Effect.Effect<A, OperationFailed, R>,
  limit?: Duration.Duration,
): Effect.Effect<A, OperationFailed> =>
  guarded(
    border,
    what,
    effect,
    limit,
    (error) => error instanceof OperationFailed,
    (message, hung) => new OperationFailed({ code: hung ? "unavailable" : "internal", message }),
  )

/** For functions that cannot fail: what breaks is written down and `fallback` taken. */
export const quiet = <A, R extends PluginServices = never>(
  border: Border,
  what: string,
  effect: () => Effect.Effect<A, never, R>,
  fallback: (detail: string) => A,
  limit?: Duration.Duration,
): Effect.Effect<A> =>
  guarded<A, string, R>(
    border,
    what,
    effect,
    limit,
    () => false,
    (detail) => detail,
  ).pipe(Effect.catch((detail) => Effect.sync(() => fallback(detail))))

/** A pure function of the plugin. */
export const pure = <A>(border: Border, what: string, body: () => A): Effect.Effect<A, Failure> =>
  guarded<A, Failure, never>(
    border,
    what,
    () => Effect.sync(body),
    undefined,
    () => false,
    (detail) => failureOf("adapter_mismatch", detail),
  )

const guarded = <A, E, R extends PluginServices>(
  border: Border,
  what: string,
  effect: () => Effect.Effect<A, E, R>,
  limit: Duration.Duration | undefined,
  expected: (error: unknown) => boolean,
  broken: (detail: string, hung: boolean) => E,
): Effect.Effect<A, E> => {
  const { plugin } = border
  const begun = Effect.suspend(effect)
  const inside = (limit === undefined ? within(plugin, begun) : begun).pipe(
    Effect.catchCause((cause) => verdict(border, what, cause, expected, broken)),
    Effect.provideContext(border.services as Context.Context<R>),
    plugin === "core" ? identity : ofPlugin(plugin),
  )
  if (limit === undefined) return inside
  return limited(plugin, inside, limit, () => {
    const hung = `plugin "${plugin}": ${what} did not end within ${Duration.format(limit)}`
    return Effect.andThen(
      border.broke(hung),
      Effect.suspend(() => Effect.fail(broken(hung, true))),
    )
  })
}

/** Most calls end without a pause. Only those that do not are worth a clock. */
const limited = <A, E>(
  plugin: string,
  effect: Effect.Effect<A, E>,
  duration: Duration.Duration,
  orElse: () => Effect.Effect<A, E>,
): Effect.Effect<A, E> =>
  Effect.withFiber(({ context }) => {
    // A fiber keeps the mark that it starts under, and so does each that it starts itself.
    const fiber = running.run(plugin, () => Effect.runForkWith(context)(effect))
    const ended = fiber.pollUnsafe()
    if (ended !== undefined) return ended
    const waiting = Effect.onInterrupt(Fiber.join(fiber), () => Fiber.interrupt(fiber))
    return Effect.timeoutOrElse(waiting, { duration, orElse })
  })

const verdict = <E>(
  border: Border,
  what: string,
  cause: Cause.Cause<E>,
  expected: (error: unknown) => boolean,
  broken: (detail: string, hung: boolean) => E,
): Effect.Effect<never, E> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
  const error = Cause.squash(cause)
  const { redact } = Context.get(border.services, Secrets)
  if (expected(error)) return Effect.fail(without(error, redact) as E)
  const detail = redact(`plugin "${border.plugin}": ${what}: ${explain(error, border.file)}`)
  return Effect.andThen(border.broke(detail), Effect.fail(broken(detail, false)))
}

/** The error that a plugin meant, without the secrets that it named in it. */
const without = (error: unknown, redact: (text: string) => string): unknown => {
  if (error instanceof Failure) return new Failure(redactAll(error.facts, redact))
  if (!(error instanceof OperationFailed)) return error
  const { code, details, message } = error
  return new OperationFailed({
    code,
    message: redact(message),
    ...(details === undefined ? {} : { details: redactAll(details, redact) }),
  })
}

/** Marks everything that the effect starts, timers and promises too, as the plugin's own. */
export const within = <A, E, R>(plugin: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Effect.tracer, (tracer) => Effect.withTracer(effect, marking(plugin, tracer)))

const marking = (plugin: string, outer: Tracer.Tracer): Tracer.Tracer => {
  const evaluate = "~effect/Effect/evaluate"
  return Tracer.make({
    span: (options) => outer.span(options),
    context: (primitive, fiber) =>
      running.run(plugin, () =>
        outer.context === undefined ? primitive[evaluate](fiber) : outer.context(primitive, fiber),
      ),
  })
}

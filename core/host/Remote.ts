/** A plugin behind a wire, seen from the hub: its offer becomes handles, its silence becomes a failure. */
import { Duration, Effect, type Scope } from "effect"
import type { StepContext } from "../plugin/Step.ts"
import type { Border } from "./Border.ts"
import type { Handles } from "./Handles.ts"
import * as Agents from "./remote/agents.ts"
import { decodes } from "./remote/answers.ts"
import * as Kinds from "./remote/kinds.ts"
import * as Steps from "./remote/steps.ts"
import { codes, gone, make, type Peer, RpcError } from "./Rpc.ts"
import * as ServiceCalls from "./ServiceCalls.ts"
import { Greeting, Offer } from "./Wire.ts"

/** What carries the lines. */
export interface Transport {
  readonly send: (text: string) => void
  /** Ends the worker or process, at once. */
  readonly kill: () => void
}

/** Connects the transport: `receive` for each line, `closed` when the other end is gone. */
export type Connect = (on: {
  readonly receive: (text: string) => void
  readonly closed: (reason: string) => void
}) => Effect.Effect<Transport, RpcError, Scope.Scope>

export interface Remote {
  readonly call: (
    method: string,
    params: unknown,
    limit?: Duration.Duration,
  ) => Effect.Effect<unknown, RpcError>
  readonly greeting: typeof Greeting.Type
  /** Lets the callbacks of one running step reach its context. */
  readonly withStep: <A, E>(
    context: StepContext,
    body: (call: number) => Effect.Effect<A, E>,
  ) => Effect.Effect<A, E>
}

export interface Options {
  readonly border: Border
  readonly instance: string
  readonly connect: Connect
  /** The other end is gone for good: it ended, or was ended because it did not answer. */
  readonly lost: (detail: string) => void
}

/** Starts the other end and greets it. Closing the scope ends it. */
export const connect = Effect.fn("Remote.connect")(function* (options: Options) {
  const steps = new Map<number, StepContext>()
  const service = ServiceCalls.answer(options.border.services)
  const handle = (method: string, params: unknown): Effect.Effect<unknown, RpcError> => {
    if (method === "service.call") return service(params)
    if (method === "step.context") return Steps.answer(steps, params)
    return Effect.fail(new RpcError({ code: codes.unknown, message: `no method ${method}` }))
  }
  // Both are known only once the other end is there, and it may be gone before.
  let transport: Transport | undefined
  let pings = false
  let lost = false
  const lose = (reason: string) => {
    peer.close(reason)
    transport?.kill()
    if (!lost) options.lost(reason)
    lost = true
  }
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const peer: Peer = make({ send: (text) => transport?.send(text), handle, fork, broken: lose })
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      lost = true
      peer.notify("shutdown", {})
      peer.close("the plugin was stopped")
    }),
  )
  transport = yield* options.connect({ receive: peer.receive, closed: lose })
  const call = limited(peer, () => pings, options.border.limits, lose)
  const greeting = yield* Effect.flatMap(
    call("initialize", { protocol: 1, instance: options.instance }, options.border.limits.setup),
    decodes("initialize", Greeting),
  )
  pings = greeting.ping === true
  return { call, greeting, withStep: Steps.withStep(steps) } satisfies Remote
})

/**
 * A call that does not answer in time fails. When the other end does not answer a ping either, or cannot, it is ended:
 * an endless loop stops nowhere else. Without a limit, the pings come at each heartbeat.
 */
const limited =
  (
    peer: Peer,
    pings: () => boolean,
    limits: Border["limits"],
    lose: (reason: string) => void,
  ): Remote["call"] =>
  (method, params, limit) => {
    const every = limit ?? limits.heartbeat
    const late = `did not answer ${method} within ${Duration.format(every)}`
    const ping = peer.call("ping", {}).pipe(
      Effect.timeoutOrElse({
        duration: Duration.min(every, Duration.seconds(2)),
        orElse: () => Effect.fail(gone(late)),
      }),
      Effect.tapError(() => Effect.sync(() => lose(`${late}, and was ended`))),
    )
    if (limit === undefined) {
      if (!pings()) return peer.call(method, params)
      const alive = Effect.forever(Effect.andThen(Effect.sleep(every), ping))
      return Effect.raceFirst(peer.call(method, params), alive as Effect.Effect<never, RpcError>)
    }
    return Effect.timeoutOrElse(peer.call(method, params), {
      duration: limit,
      orElse: () => {
        if (!pings()) lose(`${late}, and was ended`)
        return Effect.andThen(
          pings() ? ping : Effect.void,
          Effect.fail(new RpcError({ code: codes.internal, message: late })),
        )
      },
    })
  }

/** Asks for the contributions. */
export const setup = (
  remote: Remote,
  config: unknown,
  instance: string,
  limit: Duration.Duration,
): Effect.Effect<Offer, RpcError> =>
  Effect.flatMap(remote.call("setup", { config, instance }, limit), decodes("setup", Offer))

/** The offer as handles. */
export const handles = (border: Border, remote: Remote, offer: Offer): Handles => {
  const far = { border, remote }
  return {
    agents: (offer.agents ?? []).map((agent) => Agents.agent(far, agent)),
    steps: (offer.steps ?? []).map((kind) => Kinds.step(far, kind)),
    conditions: (offer.conditions ?? []).map((condition) => Kinds.condition(far, condition)),
    operations: (offer.operations ?? []).map((operation) => Kinds.operation(far, operation)),
    resources: (offer.resources ?? []).map((resource) => Kinds.resource(far, resource)),
    prompts: (offer.prompts ?? []).map((prompt) => Kinds.prompt(far, prompt)),
    routes: [],
    sinks: (offer.sinks ?? []).map((sink) => Kinds.sink(far, sink)),
    doctor: (offer.doctor ?? []).map((check) => Kinds.check(far, check)),
  }
}

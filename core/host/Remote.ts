/** A plugin behind a wire, seen from the hub: its offer becomes handles, its silence becomes a failure. */
import { Duration, Effect, type Scope } from "effect"
import type { StepContext } from "../plugin/Step.ts"
import type { Border } from "./Border.ts"
import type { Handles } from "./Handles.ts"
import { Greeting, Offer } from "./Offer.ts"
import * as Agents from "./remote/agents.ts"
import { decodes } from "./remote/answers.ts"
import * as Changes from "./remote/changes.ts"
import * as Kinds from "./remote/kinds.ts"
import { operation } from "./remote/operations.ts"
import * as Readings from "./remote/readings.ts"
import { route } from "./remote/routes.ts"
import * as Steps from "./remote/steps.ts"
import * as Talks from "./remote/talk.ts"
import { codes, gone, make, type Peer, RpcError } from "./Rpc.ts"
import * as ServiceCalls from "./ServiceCalls.ts"

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
  readonly withTalk: Talks.Talks["withTalk"]
  readonly follow: Changes.Changes["follow"]
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
  const talks = Talks.make()
  const service = ServiceCalls.answer(options.border.services)
  const handle = (method: string, params: unknown): Effect.Effect<unknown, RpcError> => {
    if (method === "service.call") return service(params)
    if (method === "step.context") return Steps.answer(steps, params)
    if (method === "talk.ask") return talks.ask(params)
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
  const peer: Peer = make({
    send: (text) => transport?.send(text),
    handle,
    notified: (method, params, length) => heard(method, params, length),
    fork,
    broken: lose,
  })
  const changes = Changes.make(peer.call)
  const heard = listening(talks, changes, (detail) => void fork(options.border.broke(detail)))
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
  return {
    call,
    greeting,
    withStep: Steps.withStep(steps),
    withTalk: talks.withTalk,
    follow: changes.follow,
  } satisfies Remote
})

/** Takes the notifications. What is wrong with them is shown once for each kind: a plugin may send many. */
const listening = (talks: Talks.Talks, changes: Changes.Changes, broke: (detail: string) => void) => {
  const shown = new Set<string>()
  const taken = (method: string, params: unknown, length: number): string | undefined => {
    if (method === "resource.changed") return changes.tell(params)
    if (method !== "talk.progress" && method !== "talk.log") return undefined
    return length > Talks.LONGEST
      ? `sent a ${method} of ${length} characters; ${Talks.LONGEST} is the most`
      : talks.say(method, params)
  }
  return (method: string, params: unknown, length: number): void => {
    const wrong = taken(method, params, length)
    if (wrong === undefined || shown.has(method)) return
    shown.add(method)
    broke(wrong)
  }
}

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
    operations: (offer.operations ?? []).map((one) => operation(far, one)),
    resources: (offer.resources ?? []).map((resource) => Readings.resource(far, resource)),
    prompts: (offer.prompts ?? []).map((prompt) => Readings.prompt(far, prompt)),
    routes: (offer.routes ?? []).map((one) => route(far, one)),
    sinks: (offer.sinks ?? []).map((sink) => Kinds.sink(far, sink)),
    doctor: (offer.doctor ?? []).map((check) => Kinds.check(far, check)),
  }
}

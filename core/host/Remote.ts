/** A plugin behind a wire, seen from the hub: its offer becomes handles, its silence becomes a failure. */
/* oxlint-disable typescript/no-explicit-any -- any codec will do */
import { Duration, Effect, Schema, type Scope } from "effect"
import { output } from "../plugin/Agent.ts"
import type { Probe } from "../plugin/Agent.ts"
import type { DecoderHandle, ProgramAgentHandle } from "../plugin/Catalogue.ts"
import type { Failure } from "../plugin/Failure.ts"
import type { OperationFailed } from "../plugin/Operation.ts"
import type { Finding } from "../plugin/Plugin.ts"
import type { StepContext } from "../plugin/Step.ts"
import { type Border, failing, operating, quiet } from "./Border.ts"
import type { Handles } from "./Handles.ts"
import { codes, gone, make, type Peer, RpcError } from "./Rpc.ts"
import * as ServiceCalls from "./ServiceCalls.ts"
import { fromJson, fromRpc, Greeting, Offer, Replies, toRpc } from "./Wire.ts"

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
    if (method === "step.context") return stepCall(steps, params)
    return Effect.fail(new RpcError({ code: codes.unknown, message: `no method ${method}` }))
  }
  let lost = false
  const lose = (reason: string) => {
    peer.close(reason)
    transport?.kill()
    if (!lost) options.lost(reason)
    lost = true
  }
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const peer: Peer = make({ send: (text) => transport?.send(text), handle, fork, broken: lose })
  let transport: Transport | undefined
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      lost = true
      peer.notify("shutdown", {})
      peer.close("the plugin was stopped")
    }),
  )
  transport = yield* options.connect({ receive: peer.receive, closed: lose })
  const call = limited(peer, () => greeting?.ping === true, options.border.limits, lose)
  let greeting: typeof Greeting.Type | undefined
  greeting = yield* Effect.flatMap(
    call("initialize", { protocol: 1, instance: options.instance }, options.border.limits.setup),
    decodes("initialize", Greeting),
  )
  return { call, greeting, withStep: withStep(steps) } satisfies Remote
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

let lastCall = 0

const withStep =
  (steps: Map<number, StepContext>): Remote["withStep"] =>
  (context, body) => {
    const call = (lastCall += 1)
    return Effect.ensuring(
      Effect.suspend(() => {
        steps.set(call, context)
        return body(call)
      }),
      Effect.sync(() => steps.delete(call)),
    )
  }

const StepCall = Schema.Struct({
  call: Schema.Int,
  method: Schema.Literals(["render", "step", "agent", "command", "say"]),
  args: Schema.Array(Schema.Unknown),
})

const stepCall = (
  steps: ReadonlyMap<number, StepContext>,
  params: unknown,
): Effect.Effect<unknown, RpcError> =>
  Effect.flatMap(decodes("step.context", StepCall)(params), ({ args, call, method }) => {
    const context = steps.get(call)
    if (context === undefined)
      return Effect.fail(new RpcError({ code: codes.params, message: `no step runs under call ${call}` }))
    const run = context[method] as (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>
    return Effect.mapError(
      Effect.suspend(() => run(...args)),
      toRpc,
    )
  })

const decodes =
  <S extends Schema.Codec<any, any>>(method: string, schema: S) =>
  (value: unknown): Effect.Effect<S["Type"], RpcError> =>
    Effect.mapError(
      Schema.decodeUnknownEffect(schema)(value, { errors: "all", onExcessProperty: "error" }),
      (error) => new RpcError({ code: codes.params, message: `${method}: ${error.message}` }),
    )

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
  const { plugin } = border
  const { answer } = border.limits
  const fails: Fails = (what, call, reply) =>
    failing(border, what, () => meant<typeof reply, Failure>(call, reply))
  const operates = <S extends Reply>(what: string, call: Effect.Effect<unknown, RpcError>, reply: S) =>
    operating(border, what, () => meant<S, OperationFailed>(call, reply))
  return {
    agents: (offer.agents ?? []).map((agent) => agentHandle(border, remote, agent, fails)),
    steps: (offer.steps ?? []).map(({ config, summary, type }) => ({
      plugin,
      type,
      summary,
      config: fromJson(config),
      steps: () => [],
      templates: () => [],
      run: (given, context) =>
        remote.withStep(context, (call) =>
          fails(
            `step kind "${type}"`,
            remote.call("step.run", { type, config: given, call, context: factsOf(context) }),
            Replies.step,
          ),
        ),
    })),
    conditions: (offer.conditions ?? []).map(({ config, id, summary }) => ({
      plugin,
      id,
      summary,
      config: fromJson(config),
      holds: (given, context) =>
        fails(
          `condition "${id}"`,
          remote.call("condition.holds", { condition: id, config: given, context }, answer),
          Replies.verdict,
        ),
    })),
    operations: (offer.operations ?? []).map((operation) => ({
      plugin,
      name: operation.name,
      title: operation.title,
      summary: operation.summary,
      input: fromJson(operation.input),
      output: fromJson(operation.output),
      readonly: operation.readonly,
      destructive: operation.destructive ?? false,
      cli: operation.cli,
      print: undefined,
      run: (input, caller) =>
        operates(
          `operation "${operation.name}"`,
          remote.call("operation.run", { operation: operation.name, input, caller }, border.limits.operation),
          Replies.anything,
        ),
    })),
    resources: (offer.resources ?? []).map((resource) => ({
      plugin,
      ...resource,
      read: (variables, caller) =>
        operates(
          `resource "${resource.uri}"`,
          remote.call("resource.read", { uri: resource.uri, variables, caller }, answer),
          Replies.text,
        ),
    })),
    prompts: (offer.prompts ?? []).map((prompt) => ({
      plugin,
      name: prompt.name,
      summary: prompt.summary,
      arguments: fromJson(prompt.arguments),
      render: (args) =>
        operates(
          `prompt "${prompt.name}"`,
          remote.call("prompt.render", { prompt: prompt.name, arguments: args }, answer),
          Replies.text,
        ),
    })),
    routes: [],
    sinks: (offer.sinks ?? []).map(({ id, summary, types }) => ({
      plugin,
      id,
      summary,
      types,
      receive: (event) =>
        quiet(
          border,
          `sink "${id}"`,
          () =>
            Effect.asVoid(meant(remote.call("sink.receive", { sink: id, event }, answer), Replies.anything)),
          () => undefined,
        ),
    })),
    doctor: (offer.doctor ?? []).map(({ id, summary }) => ({
      plugin,
      id,
      summary,
      check: quiet<ReadonlyArray<Finding>>(
        border,
        `check "${id}"`,
        () => meant(remote.call("doctor.check", { check: id }, answer), Replies.findings),
        (text) => [{ level: "error", text }],
      ),
    })),
  }
}

const factsOf = ({ cwd, id, input, project, run_id }: StepContext) => ({ cwd, id, input, project, run_id })

type Reply = Schema.Codec<any, any>

/** The reply, or the error that the plugin meant. What else goes wrong becomes a defect, which the border puts into words. */
// The border looks at what the error is before it lets it through.
// @effect-diagnostics unsafeEffectTypeAssertion:off
const meant = <S extends Reply, E = never>(call: Effect.Effect<unknown, RpcError>, reply: S) =>
  Effect.catch(Effect.flatMap(call, decodes("answer", reply)), (error) => {
    const original = fromRpc(error)
    return original === error ? Effect.die(new Error(error.message)) : Effect.fail(original)
  }) as Effect.Effect<S["Type"], E>

type Fails = <S extends Reply>(
  what: string,
  call: Effect.Effect<unknown, RpcError>,
  reply: S,
) => Effect.Effect<S["Type"], Failure>

const agentHandle = (
  border: Border,
  remote: Remote,
  agent: NonNullable<Offer["agents"]>[number],
  fails: Fails,
): ProgramAgentHandle => {
  const { answer } = border.limits
  const what = `agent "${agent.id}"`
  const broken = (detail: string): Probe => ({ installed: false, notes: [detail] })
  const { client } = agent
  return {
    plugin: border.plugin,
    kind: "program",
    id: agent.id,
    summary: agent.summary,
    supports: agent.supports ?? {},
    launch: (request) =>
      fails(what, remote.call("agent.launch", { agent: agent.id, request }, answer), Replies.launch),
    decoder: (request) =>
      Effect.map(
        Effect.acquireRelease(
          fails(what, remote.call("decoder.open", { agent: agent.id, request }, answer), Replies.opened),
          ({ decoder }) => Effect.ignore(remote.call("decoder.close", { decoder }, answer)),
        ),
        ({ decoder, may_skip }) => decoderHandle(remote, decoder, may_skip, what, fails, answer),
      ),
    probe:
      agent.probe === true
        ? quiet(
            border,
            `probe of ${what}`,
            () => meant(remote.call("agent.probe", { agent: agent.id }, answer), Replies.probe),
            broken,
          )
        : undefined,
    client:
      client === undefined
        ? undefined
        : { ...client, entry: (hub) => filled(client.entry, hub) as Record<string, unknown> },
  }
}

/** Most characters of output in one message: escaped they still fit. A longer line is cut for the decoder; the spool has it. */
const MAX_FEED = 2 * 1024 * 1024

const decoderHandle = (
  remote: Remote,
  decoder: number,
  may_skip: boolean,
  what: string,
  fails: Fails,
  answer: Duration.Duration,
): DecoderHandle => ({
  may_skip,
  feed: (lines, stream) =>
    Effect.map(
      Effect.forEach(pieces(lines), (piece) =>
        Effect.map(
          fails(what, remote.call("decoder.feed", { decoder, lines: piece, stream }, answer), Replies.fed),
          (fed) => piece.flatMap((line, index) => fed[index]?.events ?? [output(line, stream)]),
        ),
      ),
      (events) => events.flat(),
    ),
  end: (exit) => fails(what, remote.call("decoder.end", { decoder, exit }, answer), Replies.answer),
})

const pieces = (lines: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const found: Array<Array<string>> = [[]]
  let length = 0
  for (const whole of lines) {
    const line = whole.slice(0, MAX_FEED)
    if (length > 0 && length + line.length > MAX_FEED) {
      found.push([])
      length = 0
    }
    found.at(-1)!.push(line)
    length += line.length
  }
  return found
}

const filled = (value: unknown, hub: string): unknown => {
  if (typeof value === "string") return value.replaceAll("{{hub}}", hub)
  if (Array.isArray(value)) return value.map((item) => filled(item, hub))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, filled(inner, hub)]))
}

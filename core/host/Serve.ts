/** A TypeScript plugin at the far end of the wire: runs it and answers the hub's calls. */
/* oxlint-disable typescript/no-explicit-any -- what the hub sends is typed by the protocol */
import { Effect, Exit, Schema, Scope } from "effect"
import type { AgentRequest, ClientConfig, Decoder, ProgramAgent } from "../plugin/Agent.ts"
import { Failure, of as failureOf } from "../plugin/Failure.ts"
import type { Contributions, Plugin } from "../plugin/Plugin.ts"
import type { PluginServices } from "../plugin/Plugin.ts"
import type { StepContext } from "../plugin/Step.ts"
import { prober } from "./handles/agents.ts"
import { explain } from "./Loader.ts"
import * as RemoteServices from "./RemoteServices.ts"
import { codes, make, type Peer, RpcError } from "./Rpc.ts"
import { fromRpc, type Offer, PROTOCOL, toJson, toRpc } from "./Wire.ts"

interface Wires {
  readonly send: (text: string) => void
  readonly load: Effect.Effect<Plugin, unknown>
  readonly file: string
  /** The hub has gone, or wants this plugin to end. */
  readonly end: () => void
}

/** The peer to feed with the hub's messages. */
export const serve = (wires: Wires): Peer => {
  const scope = Scope.makeUnsafe()
  let plugin: Plugin | undefined
  let offered: Contributions = {}
  const decoders = new Map<number, Decoder>()
  const end = () => void Effect.runPromise(Scope.close(scope, Exit.void)).then(wires.end, wires.end)

  const answers: Answers = {
    initialize: () =>
      Effect.map(wires.load, (loaded) => {
        plugin = loaded
        return {
          protocol: PROTOCOL,
          id: loaded.id,
          summary: loaded.summary,
          config: toJson(loaded.config),
          ping: true,
        }
      }),
    setup: (params: { config: unknown; instance: string }) =>
      Effect.gen(function* () {
        if (plugin === undefined)
          return yield* new RpcError({ code: codes.params, message: "setup before initialize" })
        const config = yield* Schema.decodeUnknownEffect(plugin.config as never as Codec)(params.config, {
          errors: "all",
          onExcessProperty: "error",
        })
        offered = yield* Scope.provide(plugin.setup(config, { instance: params.instance }), scope)
        return yield* offer(offered)
      }),
    ping: () => Effect.succeed({}),
    ...calls(
      () => offered,
      decoders,
      () => peer,
    ),
  }
  const handle = (method: string, params: unknown): Effect.Effect<unknown, RpcError> => {
    const answer = Object.hasOwn(answers, method) ? answers[method] : undefined
    if (answer === undefined)
      return Effect.fail(new RpcError({ code: codes.unknown, message: `no method ${method}` }))
    return Effect.suspend(() => answer(params)).pipe(
      Effect.provideContext(services),
      Effect.catchDefect((defect) => Effect.fail(defect)),
      Effect.mapError((error) => told(error, wires.file)),
    )
  }
  const peer: Peer = make({
    send: wires.send,
    handle,
    notified: (method) => (method === "shutdown" ? end() : undefined),
    broken: wires.end,
  })
  const services = RemoteServices.make(peer)
  return peer
}

type Codec = Schema.Codec<unknown, unknown>
type Answers = Readonly<Record<string, (params: any) => Effect.Effect<unknown, unknown, PluginServices>>>

/** Errors that may cross keep their fields; of others the place is told. */
const told = (error: unknown, file: string): RpcError => {
  const crossing = toRpc(error)
  return crossing.code === codes.internal
    ? new RpcError({ code: codes.internal, message: explain(error, file) })
    : crossing
}

const offer = (given: Contributions): Effect.Effect<Offer, RpcError> =>
  Effect.suspend(() => {
    if ((given.routes ?? []).length > 0) return unable("routes")
    if ((given.agents ?? []).some(({ kind }) => kind === "stream")) return unable("stream agents")
    return Effect.succeed(describe(given))
  })

const unable = (what: string) =>
  Effect.fail(
    new RpcError({
      code: codes.params,
      message: `${what} cannot be carried to a worker or process: use isolation = "none"`,
    }),
  )

const describe = (given: Contributions): Offer => ({
  agents: (given.agents ?? []).map((agent) => ({
    id: agent.id,
    summary: agent.summary,
    supports: { ...agent.supports } as never,
    probe: agent.probe !== undefined,
    ...("client" in agent && agent.client !== undefined ? { client: clientOf(agent.client) } : {}),
  })),
  steps: (given.steps ?? []).map(({ config, summary, type }) => ({ type, summary, config: toJson(config) })),
  conditions: (given.conditions ?? []).map(({ config, id, summary }) => ({
    id,
    summary,
    config: toJson(config),
  })),
  operations: (given.operations ?? []).map(({ print: _print, run: _run, input, output, ...operation }) => ({
    ...(operation as object as Plain),
    input: toJson(input),
    output: toJson(output),
  })),
  resources: (given.resources ?? []).map(({ mime, name, summary, uri }) => ({ mime, name, summary, uri })),
  prompts: (given.prompts ?? []).map(({ arguments: args, name, summary }) => ({
    name,
    summary,
    arguments: toJson(args),
  })),
  sinks: (given.sinks ?? []).map(({ id, summary, types }) => ({
    id,
    summary,
    ...(types === undefined ? {} : { types }),
  })),
  migrations: [...(given.migrations ?? [])],
  doctor: (given.doctor ?? []).map(({ id, summary }) => ({ id, summary })),
})

type Plain = Omit<NonNullable<Offer["operations"]>[number], "input" | "output">

const clientOf = ({ at, entry, file, format }: ClientConfig) => ({
  at,
  file,
  format,
  entry: entry("{{hub}}"),
})

const calls = (offered: () => Contributions, decoders: Map<number, Decoder>, peer: () => Peer): Answers => {
  const agent = (id: string) =>
    one(
      offered().agents,
      (agent) => agent.id === id && agent.kind === "program",
      `agent ${id}`,
    ) as Effect.Effect<ProgramAgent, RpcError>
  const decoder = (id: number) =>
    one([...decoders], ([known]) => known === id, `decoder ${id}`).pipe(Effect.map(([, found]) => found))
  let opened = 0
  return {
    "agent.launch": ({ agent: id, request }: { agent: string; request: AgentRequest }) =>
      Effect.flatMap(agent(id), (found) => orFail(found.launch(request))),
    "agent.probe": ({ agent: id }: { agent: string }) =>
      Effect.flatMap(
        Effect.all([agent(id), prober]),
        ([found, tools]) => found.probe?.(tools) ?? Effect.succeed({ installed: true, notes: [] }),
      ),
    "decoder.open": ({ agent: id, request }: { agent: string; request: AgentRequest }) =>
      Effect.map(agent(id), (found) => {
        const fresh = found.decoder(request)
        decoders.set((opened += 1), fresh)
        return { decoder: opened, may_skip: fresh.may_skip ?? false }
      }),
    "decoder.feed": ({
      decoder: id,
      lines,
      stream,
    }: {
      decoder: number
      lines: ReadonlyArray<string>
      stream: "stdout" | "stderr"
    }) => Effect.map(decoder(id), (found) => lines.map((line) => feed(found, line, stream))),
    "decoder.end": ({ decoder: id, exit }) => Effect.flatMap(decoder(id), (found) => orFail(found.end(exit))),
    "decoder.close": ({ decoder: id }: { decoder: number }) => Effect.sync(() => decoders.delete(id)),
    "step.run": ({ call, config, context, type }) =>
      Effect.flatMap(
        one(offered().steps, (kind) => kind.type === type, `step kind ${type}`),
        (kind) =>
          Effect.flatMap(decoded(kind.config, config), (given) =>
            kind.run(given, stepContext(peer(), call, context)),
          ),
      ),
    "condition.holds": ({ condition: id, config, context }) =>
      Effect.flatMap(
        one(offered().conditions, (found) => found.id === id, `condition ${id}`),
        (found) => Effect.flatMap(decoded(found.config, config), (given) => found.holds(given, context)),
      ),
    "operation.run": ({ caller, input, operation: name }) =>
      Effect.gen(function* () {
        const found = yield* one(
          offered().operations,
          (operation) => operation.name === name,
          `operation ${name}`,
        )
        const output = yield* found.run(yield* decoded(found.input, input), caller)
        return yield* Schema.encodeUnknownEffect(Schema.toCodecJson(found.output) as never as Codec)(output)
      }),
    "resource.read": ({ caller, uri, variables }) =>
      Effect.flatMap(
        one(offered().resources, (found) => found.uri === uri, `resource ${uri}`),
        (found) => found.read(variables, caller),
      ),
    "prompt.render": ({ arguments: args, prompt: name }) =>
      Effect.flatMap(
        one(offered().prompts, (found) => found.name === name, `prompt ${name}`),
        (found) => Effect.flatMap(decoded(found.arguments, args), (given) => found.render(given)),
      ),
    "sink.receive": ({ event, sink: id }) =>
      Effect.flatMap(
        one(offered().sinks, (found) => found.id === id, `sink ${id}`),
        (found) => found.receive(event),
      ),
    "doctor.check": ({ check: id }) =>
      Effect.flatMap(
        one(offered().doctor, (found) => found.id === id, `check ${id}`),
        (found) => found.check,
      ),
  }
}

const decoded = (schema: Schema.Top, value: unknown) =>
  Schema.decodeUnknownEffect(Schema.toCodecJson(schema) as never as Codec)(value)

const one = <A>(
  items: ReadonlyArray<A> | undefined,
  is: (item: A) => boolean,
  what: string,
): Effect.Effect<A, RpcError> => {
  const found = items?.find(is)
  return found === undefined
    ? Effect.fail(new RpcError({ code: codes.params, message: `no ${what}` }))
    : Effect.succeed(found)
}

const orFail = <A>(value: A | Failure): Effect.Effect<A, Failure> =>
  value instanceof Failure ? Effect.fail(value) : Effect.succeed(value)

/** The events of one line, or what broke the decoder: the hub keeps that line as text. */
const feed = (decoder: Decoder, line: string, stream: "stdout" | "stderr") => {
  try {
    return { events: decoder.feed(line, stream) }
  } catch (error) {
    return { broke: error instanceof Error ? error.message : String(error) }
  }
}

const stepContext = (
  peer: Peer,
  call: number,
  facts: Pick<StepContext, "id" | "run_id" | "cwd" | "project" | "input">,
): StepContext => {
  const ask = (method: string, ...args: ReadonlyArray<unknown>): Effect.Effect<any, Failure> =>
    Effect.catch(peer.call("step.context", { call, method, args }), (error) => {
      const meant = fromRpc(error)
      return Effect.fail(meant instanceof Failure ? meant : failureOf("crashed", error.message))
    })
  return {
    ...facts,
    render: (template) => ask("render", template),
    step: (id) => Effect.map(ask("step", id), (answer) => answer ?? undefined),
    agent: (request) => ask("agent", request),
    command: (command) => ask("command", command),
    // Once per run needs the journal, which is on the hub's side: over the wire it is each time (docs/plugin-protocol.md).
    once: (_, __, effect) => effect,
    say: (type, data) => Effect.ignore(ask("say", type, data)),
  }
}

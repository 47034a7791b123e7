/** A TypeScript plugin at the far end of the wire: runs it and answers the hub's calls. */
import { Effect, Exit, Schema, Scope } from "effect"
import type { Contributions, Plugin } from "../plugin/Plugin.ts"
import { explain } from "./Loader.ts"
import { PROTOCOL } from "./Offer.ts"
import * as RemoteServices from "./RemoteServices.ts"
import { codes, make, type Peer, RpcError } from "./Rpc.ts"
import { agents } from "./serve/agents.ts"
import type { Answers, Codec } from "./serve/answers.ts"
import { kinds } from "./serve/kinds.ts"
import { offer } from "./serve/offer.ts"
import { readings } from "./serve/readings.ts"
import { routes } from "./serve/routes.ts"
import { toJson, toRpc } from "./Wire.ts"

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
  const end = () => void Effect.runPromise(Scope.close(scope, Exit.void)).then(wires.end, wires.end)
  const { greet, offered, setUp } = life(wires, scope)
  const answers: Answers = {
    initialize: greet,
    setup: setUp,
    ping: () => Effect.succeed({}),
    ...agents(offered),
    ...kinds(offered, () => peer),
    ...readings(offered, () => peer),
    ...routes(offered),
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

/** Loads the plugin, then sets it up; what that acquires lives in `scope`. */
const life = (wires: Wires, scope: Scope.Scope) => {
  let plugin: Plugin | undefined
  let offered: Contributions = {}
  return {
    greet: () =>
      Effect.map(wires.load, (loaded) => {
        plugin = loaded
        const { config, id, summary } = loaded
        return { protocol: PROTOCOL, id, summary, config: toJson(config), ping: true }
      }),
    setUp: Effect.fnUntraced(function* (params: { config: unknown; instance: string }) {
      if (plugin === undefined)
        return yield* new RpcError({ code: codes.params, message: "setup before initialize" })
      const config = yield* Schema.decodeUnknownEffect(plugin.config as never as Codec)(params.config, {
        errors: "all",
        onExcessProperty: "error",
      })
      offered = yield* Scope.provide(plugin.setup(config, { instance: params.instance }), scope)
      return yield* offer(offered)
    }),
    offered: () => offered,
  }
}

/** Errors that may cross keep their fields; of others the place is told. */
const told = (error: unknown, file: string): RpcError => {
  const crossing = toRpc(error)
  return crossing.code === codes.internal
    ? new RpcError({ code: codes.internal, message: explain(error, file) })
    : crossing
}

/** What an operation that runs here says to whoever called it, and asks, by way of the hub. */
import { Effect } from "effect"
import { OperationFailed } from "../../plugin/Operation.ts"
import type { Talk } from "../../plugin/Talk.ts"
import type { Peer } from "../Rpc.ts"
import { fromRpc } from "../Wire.ts"

export const talkOf = (peer: Peer, call: number): Talk => ({
  progress: (progress) => said(() => peer.notify("talk.progress", { call, ...progress })),
  log: (level, data) => said(() => peer.notify("talk.log", { call, level, data: data ?? null })),
  ask: (questions) =>
    Effect.catch(peer.call("talk.ask", { call, questions }), (error) => {
      const meant = fromRpc(error)
      return meant instanceof OperationFailed ? Effect.fail(meant) : Effect.die(error)
    }) as never,
})

/** What JSON cannot say is not said. */
const said = (tell: () => void): Effect.Effect<void> => Effect.ignore(Effect.try(tell))

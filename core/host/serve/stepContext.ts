/** The context of a step whose plugin runs here: every question goes to the hub. */
/* oxlint-disable typescript/no-explicit-any -- each answer is what its method says */
import { Effect } from "effect"
import { Failure, of as failureOf } from "../../plugin/Failure.ts"
import type { StepContext } from "../../plugin/Step.ts"
import type { Peer } from "../Rpc.ts"
import { fromRpc } from "../Wire.ts"

export const stepContext = (
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

/** The way back of a running step: its plugin asks the hub to render, to start an agent, to say something. */
import { Effect, Schema } from "effect"
import type { StepContext } from "../../plugin/Step.ts"
import type { Remote } from "../Remote.ts"
import { codes, RpcError } from "../Rpc.ts"
import { toRpc } from "../Wire.ts"
import { decodes } from "./answers.ts"

let lastCall = 0

/** Gives the step a number, under which it is reached while it runs. */
export const withStep =
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

/** `step.context`: calls the method of the step's context that its plugin names. */
export const answer = (
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

/** Effects as answers of the SDK: a promise each, ended when nobody waits for it. */
import { ProtocolError, ProtocolErrorCode, type ServerContext } from "@modelcontextprotocol/server"
import { Cause, Effect, Exit, type Fiber, Option } from "effect"
import type { OperationFailed } from "../../plugin/Operation.ts"
import { errorOf } from "../Call.ts"

export type Fork = <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>

/** A request that the client cancels, or cannot read the answer of, is ended. */
export const settle = <A>(
  fork: Fork,
  effect: Effect.Effect<A, ProtocolError>,
  { mcpReq: { method, signal } }: ServerContext,
): Promise<A> =>
  new Promise((resolve, reject) => {
    const settled = (exit: Exit.Exit<A, ProtocolError>): void => {
      if (Exit.isSuccess(exit)) resolve(exit.value)
      else reject(Option.getOrElse(Cause.findErrorOption(exit.cause), () => stopped))
    }
    const fiber = fork(Effect.catchDefect(effect, (defect) => broken(method, defect)))
    const ended = fiber.pollUnsafe()
    if (ended !== undefined) return settled(ended)
    const stop = (): void => fiber.interruptUnsafe()
    if (signal.aborted) stop()
    signal.addEventListener("abort", stop, { once: true })
    fiber.addObserver((exit) => {
      signal.removeEventListener("abort", stop)
      settled(exit)
    })
  })

const stopped = new ProtocolError(ProtocolErrorCode.InternalError, "The call was stopped before it ended.")

const broken = Effect.fnUntraced(function* (method: string, defect: unknown) {
  yield* Effect.logError(`MCP request ${method} broke`, Cause.die(defect))
  const message = "The hub could not answer; its log has the cause."
  return yield* Effect.fail(new ProtocolError(ProtocolErrorCode.InternalError, message))
})

export const invalid = (message: string) =>
  Effect.fail(new ProtocolError(ProtocolErrorCode.InvalidParams, message))

export const toProtocol = (failure: OperationFailed): ProtocolError => {
  const { message, ...data } = errorOf(failure)
  const isCallers = failure.code === "invalid" || failure.code === "not_found"
  return new ProtocolError(
    isCallers ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError,
    message,
    data,
  )
}

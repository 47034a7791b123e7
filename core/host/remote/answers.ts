/** What comes over the wire, decoded, and the errors that it stands for. */
/* oxlint-disable typescript/no-explicit-any -- any codec will do */
import { Effect, Schema } from "effect"
import type { Failure } from "../../plugin/Failure.ts"
import type { OperationFailed } from "../../plugin/Operation.ts"
import { type Border, failing, operating } from "../Border.ts"
import type { Remote } from "../Remote.ts"
import { codes, RpcError } from "../Rpc.ts"
import { fromRpc } from "../Wire.ts"

/** A plugin at the other end, and the border around it. */
export interface Far {
  readonly border: Border
  readonly remote: Remote
}

type Call = Effect.Effect<unknown, RpcError>
type Reply = Schema.Codec<any, any>

/** For what fails with `Failure`. */
export const failingCall = <S extends Reply>(
  { border }: Far,
  what: string,
  call: Call,
  reply: S,
): Effect.Effect<S["Type"], Failure> => failing(border, what, () => meant<S, Failure>(call, reply))

/** For what fails with `OperationFailed`. */
export const operatingCall = <S extends Reply>(
  { border }: Far,
  what: string,
  call: Call,
  reply: S,
): Effect.Effect<S["Type"], OperationFailed> =>
  operating(border, what, () => meant<S, OperationFailed>(call, reply))

/** The reply, or the error that the plugin meant. What else goes wrong becomes a defect, which the border puts into words. */
// The border looks at what the error is before it lets it through.
// @effect-diagnostics unsafeEffectTypeAssertion:off
export const meant = <S extends Reply, E = never>(call: Call, reply: S) =>
  Effect.catch(Effect.flatMap(call, decodes("answer", reply)), (error) => {
    const original = fromRpc(error)
    return original === error ? Effect.die(new Error(error.message)) : Effect.fail(original)
  }) as Effect.Effect<S["Type"], E>

/** All of its errors at once, and no unknown keys. */
export const decodes =
  <S extends Schema.Codec<any, any>>(method: string, schema: S) =>
  (value: unknown): Effect.Effect<S["Type"], RpcError> =>
    Effect.mapError(
      Schema.decodeUnknownEffect(schema)(value, { errors: "all", onExcessProperty: "error" }),
      (error) => new RpcError({ code: codes.params, message: `${method}: ${error.message}` }),
    )

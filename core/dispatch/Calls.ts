/** Repeated calls: one key of one caller means one run, however often the call comes. */
import { Effect, Predicate, Schema } from "effect"
import type { Caller } from "../plugin/Operation.ts"
import type { DispatchRequest } from "../services/Runs.ts"
import { sha256 } from "./Digest.ts"
import type { CallRow, NewCall } from "./Rows.ts"

export class KeyTaken extends Schema.TaggedError<KeyTaken>()("KeyTaken", { run_id: Schema.String }) {
  override get message() {
    return `this call key stands for another request, which became run ${this.run_id}. Check that run, or call with a new key`
  }
}

/** The call as it is remembered; nothing for a caller that gives no key. */
export const of = Effect.fnUntraced(function* (
  request: DispatchRequest,
  caller: Caller,
): Effect.fn.Return<NewCall | undefined> {
  const { call_key, cwd, door, token } = caller
  if (call_key === undefined) return undefined
  // Nobody learns of another one's runs by guessing a key.
  const key = JSON.stringify([token === undefined ? { door } : { token }, call_key])
  return {
    key,
    request: yield* sha256(canonical(request.project === undefined ? { cwd, ...request } : request)),
  }
})

/** The run of an earlier call with the same request. */
export const repeated = (call: NewCall, { request, run_id }: CallRow): Effect.Effect<string, KeyTaken> =>
  request === call.request ? Effect.succeed(run_id) : Effect.fail(new KeyTaken({ run_id }))

/** The same for equal values, in whatever order their keys stand. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    Predicate.isObject(inner) && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

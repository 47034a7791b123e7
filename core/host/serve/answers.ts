/** The methods of the wire, each with what answers it. */
/* oxlint-disable typescript/no-explicit-any -- what the hub sends is typed by the protocol */
import { Effect, Schema } from "effect"
import type { Contributions, PluginServices } from "../../plugin/Plugin.ts"
import { codes, RpcError } from "../Rpc.ts"

export type Codec = Schema.Codec<unknown, unknown>

export type Answers = Readonly<
  Record<string, (params: any) => Effect.Effect<unknown, unknown, PluginServices>>
>

/** What setup returned; nothing before. */
export type Offered = () => Contributions

/** The one that is asked for. */
export const one = <A>(
  items: ReadonlyArray<A> | undefined,
  is: (item: A) => boolean,
  what: string,
): Effect.Effect<A, RpcError> => {
  const found = items?.find(is)
  return found === undefined
    ? Effect.fail(new RpcError({ code: codes.params, message: `no ${what}` }))
    : Effect.succeed(found)
}

/** Its own schema decodes again: JSON Schema cannot say all that a schema checks. */
export const decoded = (schema: Schema.Top, value: unknown) =>
  Schema.decodeUnknownEffect(Schema.toCodecJson(schema) as never as Codec)(value)

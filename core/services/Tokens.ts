/** Bearer tokens: who may ask over HTTP, and for what. */
import { Context, type Effect, Schema } from "effect"
import type { StorageFailed } from "./Sql.ts"

/** As in `plugin/Operation.ts`; each includes those before it. */
export const TokenScope = Schema.Literals(["read", "dispatch", "admin"])
export type TokenScope = typeof TokenScope.Type

export const Token = Schema.Struct({
  /** Unique, also among the revoked. */
  name: Schema.String,
  scopes: Schema.Array(TokenScope),
  /** Milliseconds since the epoch, as are all others. */
  created_at: Schema.Number,
  expires_at: Schema.optionalKey(Schema.Number),
  revoked_at: Schema.optionalKey(Schema.Number),
  /** To the minute. */
  last_used_at: Schema.optionalKey(Schema.Number),
})
export type Token = typeof Token.Type

export class TokenRefused extends Schema.TaggedError<TokenRefused>()("TokenRefused", {
  reason: Schema.Literals(["name_taken", "unknown", "invalid"]),
  message: Schema.String,
}) {}

export class Tokens extends Context.Service<
  Tokens,
  {
    /** Makes a token. Its text is given here and never again: only its SHA-256 is stored. */
    readonly create: (wish: {
      readonly name: string
      readonly scopes: ReadonlyArray<TokenScope>
      readonly expires_at?: number | undefined
    }) => Effect.Effect<{ readonly token: Token; readonly text: string }, TokenRefused | StorageFailed>
    /** Oldest first, the revoked and expired too. */
    readonly list: Effect.Effect<ReadonlyArray<Token>, StorageFailed>
    readonly revoke: (name: string) => Effect.Effect<Token, TokenRefused | StorageFailed>
    /** The token whose text this is, when it is neither revoked nor expired. Compares in constant time. */
    readonly verify: (text: string) => Effect.Effect<Token | undefined, StorageFailed>
    /** Is there one that may be used now? */
    readonly any: Effect.Effect<boolean, StorageFailed>
  }
>()("hub/services/Tokens") {}

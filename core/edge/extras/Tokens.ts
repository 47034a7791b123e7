/** `hub token create|list|revoke`: who may ask over HTTP. For people, not for agents. */
import { Clock, Effect, Schema } from "effect"
import { table } from "../../dispatch/Text.ts"
import * as Field from "../../plugin/Field.ts"
import * as Operation from "../../plugin/Operation.ts"
import type { StorageFailed } from "../../services/Sql.ts"
import { type Token, type TokenRefused, type Tokens, TokenScope } from "../../services/Tokens.ts"
import { expected, momentOf } from "./Moment.ts"

const { OperationFailed } = Operation

const Name = Schema.String.check(
  Schema.isPattern(/^[a-z0-9._-]{1,64}$/, { expected: "1 to 64 of a-z, 0-9, `.`, `_` and `-`" }),
)

const Create = Schema.Struct({
  name: Field.required(Name, "What to call it: 1 to 64 of a-z, 0-9, `.`, `_` and `-`."),
  scope: Field.required(
    Schema.Array(TokenScope).check(Schema.isMinLength(1), Schema.isMaxLength(3)),
    "What it allows: `read` looks, `dispatch` also gives work, `admin` also changes the hub. Each includes those before it.",
  ),
  expires: Field.optional(
    Schema.NonEmptyString.check(Schema.isMaxLength(40)),
    "When it ends: in `30d`, `12h`, or at a date, `2031-12-31`. Never when left out.",
  ),
})

/** Moments: ISO 8601, UTC. */
const facts = {
  name: Schema.String,
  scopes: Schema.Array(TokenScope),
  created_at: Schema.String,
  expires_at: Schema.optionalKey(Schema.String),
}

const Created = Schema.Struct({
  /** The text that a client sends. It is given here and never again. */
  token: Schema.String,
  ...facts,
})

const View = Schema.Struct({
  ...facts,
  state: Schema.Literals(["active", "expired", "revoked"]),
  revoked_at: Schema.optionalKey(Schema.String),
  /** To the minute. */
  last_used_at: Schema.optionalKey(Schema.String),
})

const Listed = Schema.Struct({ tokens: Schema.Array(View) })

/** No agent makes, ends or looks at tokens: not by MCP, nor, as they need the scope `admin`, from within a run. */
const doors = ["cli", "http"] as const

/** The hub's own user may grant everything. */
const mayGrant = (scopes: ReadonlyArray<TokenScope>, { scopes: held }: Operation.Caller) => {
  const over = held === undefined ? [] : scopes.filter((scope) => !Operation.covers(held, scope))
  if (over.length === 0) return Effect.void
  return Effect.fail(
    new OperationFailed({
      code: "denied",
      message: `who has ${held?.join(", ")} cannot grant ${over.join(", ")}`,
      details: { scopes: held },
    }),
  )
}

const createOperation = ({ create }: Tokens["Service"]): Operation.Operation =>
  Operation.make({
    name: "token_create",
    title: "Make a token",
    summary: "Makes a bearer token for clients over HTTP. Its text is shown once.",
    input: Create,
    output: Created,
    readonly: false,
    scope: "admin",
    doors,
    cli: { path: ["token", "create"], positional: ["name"] },
    print: ({ expires_at, scopes, token }) =>
      [
        token,
        "",
        "Keep it now: it is not shown again, and the hub knows only its hash.",
        `It allows ${scopes.join(", ")}${expires_at === undefined ? " and does not expire" : ` until ${expires_at}`}. Clients send it as`,
        "  Authorization: Bearer TOKEN",
      ].join("\n"),
    run: ({ expires, name, scope }, caller) =>
      Effect.gen(function* () {
        yield* mayGrant(scope, caller)
        const expires_at = expires === undefined ? undefined : yield* endOf(expires)
        const made = yield* Effect.mapError(create({ name, scopes: scope, expires_at }), failed)
        return { token: made.text, ...factsOf(made.token) }
      }),
  })

const listOperation = ({ list }: Tokens["Service"]): Operation.Operation =>
  Operation.make({
    name: "token_list",
    title: "List tokens",
    summary: "Lists the tokens of clients over HTTP, without their texts.",
    input: Schema.Struct({}),
    output: Listed,
    readonly: true,
    scope: "admin",
    doors,
    cli: { path: ["token", "list"] },
    print: ({ tokens }) => textOf(tokens),
    run: () =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const tokens = yield* Effect.mapError(list, failed)
        return { tokens: tokens.map((token) => viewOf(token, now)) }
      }),
  })

const revokeOperation = ({ revoke }: Tokens["Service"]): Operation.Operation =>
  Operation.make({
    name: "token_revoke",
    title: "Revoke a token",
    summary: "Ends a token at once. It cannot be brought back.",
    input: Schema.Struct({ name: Field.required(Name, "Its name, from `hub token list`.") }),
    output: View,
    readonly: false,
    destructive: true,
    idempotent: true,
    scope: "admin",
    doors,
    cli: { path: ["token", "revoke"], positional: ["name"] },
    print: ({ name }) => `${name} is revoked: from now on it opens nothing.`,
    run: ({ name }) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        return viewOf(yield* Effect.mapError(revoke(name), failed), now)
      }),
  })

export const tokenOperations = (tokens: Tokens["Service"]): ReadonlyArray<Operation.Operation> =>
  [createOperation, listOperation, revokeOperation].map((make) => make(tokens))

const endOf = Effect.fnUntraced(function* (text: string) {
  const now = yield* Clock.currentTimeMillis
  const end = momentOf(text, "after", now)
  if (end !== undefined && end > now) return end
  const why = end === undefined ? `expected ${expected}` : `${iso(end)} is not in the future`
  return yield* new OperationFailed({
    code: "invalid",
    message: `expires: ${why}, got ${JSON.stringify(text)}`,
  })
})

const codes = { name_taken: "conflict", unknown: "not_found", invalid: "invalid" } as const

const failed = (error: TokenRefused | StorageFailed) =>
  new OperationFailed({
    code: error._tag === "TokenRefused" ? codes[error.reason] : "unavailable",
    message: error.message,
  })

const iso = (at: number): string => new Date(at).toISOString()

const factsOf = ({ created_at, expires_at, name, scopes }: Token) => ({
  name,
  scopes,
  created_at: iso(created_at),
  ...(expires_at === undefined ? {} : { expires_at: iso(expires_at) }),
})

const viewOf = (token: Token, now: number): typeof View.Type => ({
  ...factsOf(token),
  state: stateOf(token, now),
  ...(token.revoked_at === undefined ? {} : { revoked_at: iso(token.revoked_at) }),
  ...(token.last_used_at === undefined ? {} : { last_used_at: iso(token.last_used_at) }),
})

const stateOf = ({ expires_at, revoked_at }: Token, now: number) => {
  if (revoked_at !== undefined) return "revoked"
  return expires_at !== undefined && expires_at <= now ? "expired" : "active"
}

const textOf = (tokens: ReadonlyArray<typeof View.Type>): string =>
  tokens.length === 0
    ? "There is no token. `hub token create NAME --scope read` makes one."
    : table([
        ["name", "state", "scopes", "expires", "last used"],
        ...tokens.map(({ expires_at = "never", last_used_at = "never", name, scopes, state }) => [
          name,
          state,
          scopes.join(","),
          expires_at,
          last_used_at,
        ]),
      ])

/** Bearer tokens in the hub's database, known by the SHA-256 of their text. */
import { randomBytes, timingSafeEqual } from "node:crypto"
import { Clock, Effect, Layer } from "effect"
import { about } from "../services/Log.ts"
import { Sql, type Transaction } from "../services/Sql.ts"
import { type Token, TokenRefused, Tokens, type TokenScope } from "../services/Tokens.ts"

interface Row {
  readonly name: string
  readonly sha256: Uint8Array
  /** With commas between. */
  readonly scopes: string
  readonly created_at: number
  readonly expires_at: number | null
  readonly revoked_at: number | null
  readonly last_used_at: number | null
}

/** 256 bits: nobody guesses one, so a plain hash is enough to keep. */
const token_bytes = 32
const form = /^hub_[A-Za-z0-9_-]{43}$/
const named = /^[a-z0-9._-]{1,64}$/

/** `last_used_at` is written no oftener. */
const use_ms = 60_000

export const layer: Layer.Layer<Tokens, never, Sql> = Layer.effect(
  Tokens,
  Effect.gen(function* () {
    const sql = yield* Sql
    const scope = yield* Effect.scope

    const create: Tokens["Service"]["create"] = Effect.fn("Tokens.create")(function* (wish) {
      const now = yield* Clock.currentTimeMillis
      const wrong = wrongIn(wish, now)
      if (wrong !== undefined) return yield* refuse("invalid", wrong)
      const text = `hub_${randomBytes(token_bytes).toString("base64url")}`
      const row = yield* sql.transact("full", (transaction) => insert(transaction, wish, text, now))
      if (row === undefined) return yield* refuse("name_taken", taken(wish.name))
      yield* told("token created", row)
      return { token: tokenOf(row), text }
    })

    const revoke: Tokens["Service"]["revoke"] = Effect.fn("Tokens.revoke")(function* (name) {
      const now = yield* Clock.currentTimeMillis
      const [row] = yield* sql.transact("full", (transaction) => {
        transaction.run("update tokens set revoked_at = ? where name = ? and revoked_at is null", [now, name])
        return transaction.all<Row>("select * from tokens where name = ?", [name])
      })
      if (row === undefined) return yield* refuse("unknown", unknown(name, yield* list))
      if (row.revoked_at === now) yield* told("token revoked", row)
      return tokenOf(row)
    })

    const list: Tokens["Service"]["list"] = Effect.map(
      sql.all<Row>("select * from tokens order by n"),
      (rows) => rows.map(tokenOf),
    )

    /** Beside the call, which does not wait for the disk. */
    const noteUse = ({ last_used_at, name }: Row, now: number) =>
      last_used_at !== null && now - last_used_at < use_ms
        ? Effect.void
        : sql
            .run("update tokens set last_used_at = max(?, coalesce(last_used_at, 0)) where name = ?", [
              now,
              name,
            ])
            .pipe(Effect.ignore, Effect.forkIn(scope))

    // One look by an index, about as long as the hash itself takes: nothing is kept in memory that a revoke would have to undo.
    const verify: Tokens["Service"]["verify"] = Effect.fnUntraced(function* (text) {
      if (!form.test(text)) return undefined
      const sha256 = hash(text)
      const [row] = yield* sql.all<Row>("select * from tokens where sha256 = ?", [sha256])
      if (row === undefined || !timingSafeEqual(row.sha256, sha256)) return undefined
      const now = yield* Clock.currentTimeMillis
      if (row.revoked_at !== null || (row.expires_at !== null && row.expires_at <= now)) return undefined
      yield* noteUse(row, now)
      return tokenOf(row)
    })

    const any = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const rows = yield* sql.all(
        "select 1 from tokens where revoked_at is null and (expires_at is null or expires_at > ?) limit 1",
        [now],
      )
      return rows.length > 0
    })

    return Tokens.of({ create, list, revoke, verify, any })
  }),
)

const hash = (text: string): Uint8Array => Bun.SHA256.hash(text) as Uint8Array

type Wish = Parameters<Tokens["Service"]["create"]>[0]

const wrongIn = ({ expires_at, name, scopes }: Wish, now: number): string | undefined => {
  if (!named.test(name))
    return `${JSON.stringify(name.slice(0, 80))} is no name for a token: 1 to 64 of a-z, 0-9, ".", "_" and "-"`
  if (scopes.length === 0) return "a token needs a scope: read, dispatch or admin"
  if (expires_at !== undefined && !(expires_at > now)) return "a token cannot expire before it is made"
  return undefined
}

/** Undefined when the name is taken. */
const insert = (transaction: Transaction, wish: Wish, text: string, now: number): Row | undefined => {
  const { expires_at = null, name, scopes } = wish
  transaction.run(
    "insert into tokens (name, sha256, scopes, created_at, expires_at) values (?, ?, ?, ?, ?) on conflict (name) do nothing",
    [name, hash(text), [...new Set(scopes)].join(","), now, expires_at],
  )
  return transaction.all<Row>("select * from tokens where sha256 = ?", [hash(text)])[0]
}

const tokenOf = ({ created_at, expires_at, last_used_at, name, revoked_at, scopes }: Row): Token => ({
  name,
  scopes: scopes.split(",") as ReadonlyArray<TokenScope>,
  created_at,
  ...(expires_at === null ? {} : { expires_at }),
  ...(revoked_at === null ? {} : { revoked_at }),
  ...(last_used_at === null ? {} : { last_used_at }),
})

const told = (what: string, { name, scopes }: Row) =>
  Effect.logInfo(what).pipe(about({ component: "tokens", token: name }), Effect.annotateLogs({ scopes }))

const refuse = (reason: TokenRefused["reason"], message: string) =>
  Effect.fail(new TokenRefused({ reason, message }))

const taken = (name: string): string =>
  `there is, or was, a token ${JSON.stringify(name)} already: names are not used twice, so that a log stays clear. Take another one.`

const unknown = (name: string, known: ReadonlyArray<Token>): string => {
  const names = known.length === 0 ? "There is none." : `Known: ${known.map((one) => one.name).join(", ")}.`
  return `no token ${JSON.stringify(name.slice(0, 80))}. ${names}`
}

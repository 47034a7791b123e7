import { expect } from "bun:test"
import * as fs from "node:fs"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Sql } from "../services/Sql.ts"
import { Tokens } from "../services/Tokens.ts"
import { effect, tempHome } from "../testing/effect.ts"
import * as Database from "./Database.ts"
import * as HomeLive from "./Home.ts"
import * as TokensLive from "./Tokens.ts"

const over = (home: string) =>
  TokensLive.layer.pipe(Layer.provideMerge(Database.layer), Layer.provideMerge(HomeLive.layer(home)))

const tokens = Layer.unwrap(Effect.map(tempHome, over))

const used = Effect.fnUntraced(function* (name: string) {
  const found = (yield* (yield* Tokens).list).find((one) => one.name === name)
  return found?.last_used_at
})

/** The note of a use is written beside the call. */
const usedAt = Effect.fnUntraced(function* (name: string, at: number) {
  while ((yield* used(name)) !== at) yield* Effect.yieldNow
})

effect(
  "a token is told once, as text of its own form, and is known by its hash only",
  Effect.gen(function* () {
    const home = yield* tempHome
    const [text, other] = yield* Effect.provide(
      Effect.gen(function* () {
        const { create, list, verify } = yield* Tokens
        const made = yield* create({ name: "ci", scopes: ["read", "dispatch", "read"], expires_at: 5_000 })
        expect(made.text).toMatch(/^hub_[A-Za-z0-9_-]{43}$/)
        expect(made.token).toEqual({
          name: "ci",
          scopes: ["read", "dispatch"],
          created_at: 0,
          expires_at: 5_000,
        })
        expect(yield* verify(made.text)).toEqual(made.token)
        expect((yield* list).map(({ name, scopes }) => ({ name, scopes }))).toEqual([
          { name: "ci", scopes: ["read", "dispatch"] },
        ])
        return [made.text, (yield* create({ name: "other", scopes: ["admin"] })).text] as const
      }),
      over(home),
    )
    expect(other).not.toBe(text)
    for (const file of fs.readdirSync(home))
      expect(fs.readFileSync(`${home}/${file}`, "latin1")).not.toContain(text.slice(4))
    // The next hub of this home knows it.
    const found = yield* Effect.provide(
      Effect.flatMap(Tokens, ({ verify }) => verify(text)),
      over(home),
    )
    expect(found?.name).toBe("ci")
  }),
)

effect(
  "no other text is let in",
  Effect.gen(function* () {
    const { create, verify } = yield* Tokens
    const { text } = yield* create({ name: "ci", scopes: ["admin"] })
    const turned = text.at(-1) === "A" ? "B" : "A"
    for (const wrong of [
      "",
      "hub_",
      text.slice(4),
      ` ${text}`,
      `${text}\n`,
      text + "A",
      text.slice(0, -1) + turned,
    ])
      expect(yield* verify(wrong)).toBeUndefined()
    expect((yield* verify(text))?.name).toBe("ci")
  }).pipe(Effect.provide(tokens)),
)

effect(
  "a revoked token counts no more from that moment on, and its name stays taken",
  Effect.gen(function* () {
    const { any, create, revoke, verify } = yield* Tokens
    const { text } = yield* create({ name: "ci", scopes: ["read"] })
    expect([(yield* verify(text))?.name, yield* any]).toEqual(["ci", true])
    yield* TestClock.adjust(1_000)
    expect((yield* revoke("ci")).revoked_at).toBe(1_000)
    expect([yield* verify(text), yield* any]).toEqual([undefined, false])
    yield* TestClock.adjust(1_000)
    expect((yield* revoke("ci")).revoked_at).toBe(1_000)
    const again = yield* Effect.flip(create({ name: "ci", scopes: ["read"] }))
    expect(again).toMatchObject({ _tag: "TokenRefused", reason: "name_taken" })
    const unknown = yield* Effect.flip(revoke("cl"))
    expect(unknown).toMatchObject({ reason: "unknown", message: 'no token "cl". Known: ci.' })
  }).pipe(Effect.provide(tokens)),
)

effect(
  "a token counts until the moment that it expires",
  Effect.gen(function* () {
    const { any, create, verify } = yield* Tokens
    const { text } = yield* create({ name: "brief", scopes: ["read"], expires_at: 1_000 })
    yield* TestClock.adjust(999)
    expect([(yield* verify(text))?.name, yield* any]).toEqual(["brief", true])
    yield* TestClock.adjust(1)
    expect([yield* verify(text), yield* any]).toEqual([undefined, false])
    for (const expires_at of [1_000, 0, Number.NaN])
      expect(yield* Effect.flip(create({ name: "late", scopes: ["read"], expires_at }))).toMatchObject({
        reason: "invalid",
      })
  }).pipe(Effect.provide(tokens)),
)

effect(
  "a name is short and plain, and a token is for something",
  Effect.gen(function* () {
    const { create, list } = yield* Tokens
    for (const name of ["", "CI", "a b", "a/b", "é", "a".repeat(65)])
      expect(yield* Effect.flip(create({ name, scopes: ["read"] }))).toMatchObject({ reason: "invalid" })
    expect(yield* Effect.flip(create({ name: "ci", scopes: [] }))).toMatchObject({ reason: "invalid" })
    expect(yield* list).toEqual([])
    yield* create({ name: `a.b_c-${"0".repeat(58)}`, scopes: ["read"] })
  }).pipe(Effect.provide(tokens)),
)

effect(
  "its last use is kept to the minute, and a database that cannot be written keeps nobody out",
  Effect.gen(function* () {
    const { create, verify } = yield* Tokens
    const sql = yield* Sql
    const { text } = yield* create({ name: "ci", scopes: ["read"] })
    yield* TestClock.adjust("10 minutes")
    yield* verify(text)
    yield* usedAt("ci", 600_000)
    yield* TestClock.adjust("59 seconds")
    yield* verify(text)
    yield* Effect.yieldNow
    yield* usedAt("ci", 600_000)
    yield* TestClock.adjust("1 second")
    yield* verify(text)
    yield* usedAt("ci", 660_000)
    yield* sql.run("pragma query_only=on")
    yield* TestClock.adjust("1 minute")
    expect((yield* verify(text))?.name).toBe("ci")
  }).pipe(Effect.provide(tokens)),
)

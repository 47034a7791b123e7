import { expect } from "bun:test"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Database from "../../live/Database.ts"
import * as HomeLive from "../../live/Home.ts"
import * as TokensLive from "../../live/Tokens.ts"
import type { OperationHandle } from "../../plugin/Catalogue.ts"
import { type Caller, implied, type OperationFailed } from "../../plugin/Operation.ts"
import { silent } from "../../plugin/Talk.ts"
import { Tokens } from "../../services/Tokens.ts"
import { effect, tempHome } from "../../testing/effect.ts"
import { describe, localDoor } from "../Call.ts"
import { catalogueOf } from "../fixtures/handles.ts"
import { oneCommand } from "../fixtures/oneCommand.ts"
import { tokenOperations } from "./Tokens.ts"

const layer = Layer.unwrap(
  Effect.map(tempHome, (home) =>
    TokensLive.layer.pipe(Layer.provide(Database.layer), Layer.provide(HomeLive.layer(home))),
  ),
)

const handles = Effect.map(Tokens, (tokens) =>
  tokenOperations(tokens).map(
    (operation) => ({ plugin: "core", ...operation, ...implied(operation) }) as never as OperationHandle,
  ),
)

const door = Effect.map(handles, (all) => localDoor({ current: Effect.succeed(catalogueOf(all)) }))

const person: Caller = { door: "cli", client: "test" }
const call = (name: string, input: unknown, caller: Caller = person) =>
  Effect.flatMap(door, (door) => door.call(name, input, caller))
const refused = (name: string, input: unknown, caller?: Caller) => Effect.flip(call(name, input, caller))

/** `hub token …` as it is typed. */
const hub = Effect.fnUntraced(function* (...argv: ReadonlyArray<string>) {
  const core = (yield* handles).map(describe)
  return yield* oneCommand({ argv: ["token", ...argv], home: "/nowhere", core, door: yield* door })
})

/** The note of a use is written beside the call that used it. */
const noted = Effect.gen(function* () {
  const { list } = yield* Tokens
  while ((yield* list).every(({ last_used_at }) => last_used_at === undefined)) yield* Effect.yieldNow
})

const test = (name: string, body: Effect.Effect<void, unknown, Tokens>) =>
  effect(name, Effect.provide(body, layer))

test(
  "a person makes a token on the command line, which shows its text alone and first, and once",
  Effect.gen(function* () {
    const made = yield* hub("create", "ci", "--scope", "read,dispatch", "--expires", "30d")
    expect([made.code, made.err]).toEqual([0, ""])
    const [text = "", empty, ...advice] = made.out.split("\n")
    expect(text).toMatch(/^hub_[\w-]{43}$/)
    expect(empty).toBe("")
    expect(advice.join("\n")).toContain("read, dispatch until 1970-01-31T00:00:00.000Z")
    expect((yield* (yield* Tokens).verify(text))?.scopes).toEqual(["read", "dispatch"])
    const other = yield* hub("create", "phone", "--scope", "read", "--scope", "admin", "--json")
    expect(JSON.parse(other.out)).toEqual({
      token: expect.stringMatching(/^hub_/),
      name: "phone",
      scopes: ["read", "admin"],
      created_at: "1970-01-01T00:00:00.000Z",
    })
    yield* noted
    const listed = yield* hub("list")
    expect(listed.out.trimEnd().split("\n")).toEqual([
      "name   state   scopes         expires                   last used",
      "ci     active  read,dispatch  1970-01-31T00:00:00.000Z  1970-01-01T00:00:00.000Z",
      "phone  active  read,admin     never                     never",
    ])
    expect((yield* hub("list", "--json")).out).not.toContain("hub_")
  }),
)

test(
  "a list says which tokens have expired and which were revoked",
  Effect.gen(function* () {
    expect((yield* hub("list")).out).toContain("There is no token.")
    for (const name of ["a", "b", "c"])
      yield* call("token_create", { name, scope: ["read"], ...(name === "b" ? { expires: "1h" } : {}) })
    yield* TestClock.adjust("1 hour")
    expect((yield* hub("revoke", "c")).out).toContain("c is revoked")
    const { output } = yield* call("token_list", {})
    expect(output).toMatchObject({
      tokens: [
        { name: "a", state: "active" },
        { name: "b", state: "expired" },
        { name: "c", state: "revoked", revoked_at: "1970-01-01T01:00:00.000Z" },
      ],
    })
  }),
)

test(
  "what is wrong is said with what to give instead",
  Effect.gen(function* () {
    yield* call("token_create", { name: "ci", scope: ["read"] })
    const taken = yield* refused("token_create", { name: "ci", scope: ["read"] })
    expect([taken.code, taken.message]).toEqual(["conflict", expect.stringContaining('token "ci" already')])
    const unknown = yield* refused("token_revoke", { name: "cl" })
    expect([unknown.code, unknown.message]).toEqual(["not_found", 'no token "cl". Known: ci.'])
    const past = yield* refused("token_create", { name: "x", scope: ["read"], expires: "1969-01-01" })
    expect(past.message).toBe('expires: 1969-01-01T00:00:00.000Z is not in the future, got "1969-01-01"')
    const never = yield* refused("token_create", { name: "x", scope: ["read"], expires: "soon" })
    expect(never.message).toContain("expires: expected a duration such as 30d")
    expect((yield* refused("token_create", { name: "x", scope: [] })).code).toBe("invalid")
    const scope = yield* hub("create", "x", "--scope", "write")
    expect([scope.code, scope.err]).toEqual([2, expect.stringContaining("one of read, dispatch, admin")])
    const none = yield* hub("create", "x")
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringContaining("--scope read|dispatch|admin is missing"),
    ])
    expect((yield* refused("token_create", { name: "A B", scope: ["read"] })).message).toContain("name")
  }),
)

test(
  "an agent has no way to tokens, and a client over HTTP grants nothing that it does not have",
  Effect.gen(function* () {
    const inside: Caller = { ...person, parent_run: "run-1" }
    const remote: Caller = { door: "http", client: "c", token: "t", scopes: ["dispatch"] }
    for (const [name, input] of [
      ["token_create", { name: "x", scope: ["read"] }],
      ["token_list", {}],
      ["token_revoke", { name: "x" }],
    ] as const) {
      expect(yield* refused(name, input, { ...person, door: "mcp" })).toMatchObject({ code: "denied" })
      expect((yield* refused(name, input, inside)).message).toContain("which no agent has")
      expect((yield* refused(name, input, remote)).message).toContain("needs the scope admin")
    }
    const [create] = tokenOperations(yield* Tokens)
    const wish = { name: "x", scope: ["read", "admin"] } as never
    const granting = create?.run(wish, remote, silent) as Effect.Effect<unknown, OperationFailed>
    expect((yield* Effect.flip(granting)).message).toBe("who has dispatch cannot grant admin")
    yield* call("token_create", { name: "x", scope: ["admin"] }, { ...remote, scopes: ["admin"] })
    expect(yield* (yield* Tokens).any).toBe(true)
  }),
)

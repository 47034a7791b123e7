import { expect } from "bun:test"
import { Effect, Layer, Option, Schema } from "effect"
import { Sql } from "../services/Sql.ts"
import { live, tempHome } from "../testing/effect.ts"
import * as Database from "./Database.ts"
import * as Storage from "./Storage.ts"

const database = Layer.effect(
  Sql,
  Effect.flatMap(tempHome, (folder) => Database.open(`${folder}/hub.db`, folder)),
)

const Note = Schema.Struct({ text: Schema.String, at: Schema.DateTimeUtcFromString })
const Other = Schema.Struct({ other: Schema.Finite })

live(
  "a value comes back, an instance sees its own only",
  database,
  Effect.gen(function* () {
    const [one, two] = [yield* Storage.forPlugin("one"), yield* Storage.forPlugin("two")]
    const note = yield* Schema.decodeEffect(Note)({ text: "\0 😀 \ud83d", at: "2026-01-01T00:00:00Z" })
    yield* one.set("note", Note, note)
    yield* one.set("note", Note, note)
    expect(yield* one.get("note", Note)).toEqual(Option.some(note))
    expect(yield* two.get("note", Note)).toEqual(Option.none())
    yield* two.remove("note")
    expect(yield* one.keys()).toEqual(["note"])
    yield* one.remove("note")
    expect(yield* one.keys()).toEqual([])
  }),
)

live(
  "a value that no longer fits its schema reads as absent",
  database,
  Effect.gen(function* () {
    const storage = yield* Storage.forPlugin("one")
    yield* storage.set("n", Other, { other: 1 })
    expect(yield* storage.get("n", Note)).toEqual(Option.none())
    expect(yield* storage.get("n", Other)).toEqual(Option.some({ other: 1 }))
  }),
)

live(
  "keys are found by their beginning, in order, taken literally",
  database,
  Effect.gen(function* () {
    const storage = yield* Storage.forPlugin("one")
    for (const key of ["a%b", "a_1", "ab", "b", "A"]) yield* storage.set(key, Schema.Finite, 1)
    expect(yield* storage.keys("a")).toEqual(["a%b", "a_1", "ab"])
    expect(yield* storage.keys("a%")).toEqual(["a%b"])
    expect(yield* storage.keys()).toEqual(["A", "a%b", "a_1", "ab", "b"])
  }),
)

live(
  "more than 1 MB under one key is refused",
  database,
  Effect.gen(function* () {
    const storage = yield* Storage.forPlugin("one")
    const error = yield* Effect.flip(storage.set("big", Schema.String, "x".repeat(1_100_000)))
    expect(error).toMatchObject({ reason: "too_large", path: "big" })
    expect(yield* storage.keys()).toEqual([])
  }),
)

const tables = {
  id: "0001",
  sql: `
    -- The rooms; a semicolon in a comment; changes nothing.
    create table if not exists agent_acme_rooms (name text default 'a;b', seen integer);
    create unique index agent_acme_rooms_name on agent_acme_rooms(name);
    create trigger agent_acme_rooms_seen after insert on agent_acme_rooms begin
      update agent_acme_rooms set seen = 1 where name = new.name;
      update agent_acme_rooms set seen = seen + 1 where name = new.name;
    end;
    insert into agent_acme_rooms (name) values ('x;y')`,
}

live(
  "migrations run once each, in order, and their tables can be used",
  database,
  Effect.gen(function* () {
    yield* Storage.migrate("agent-acme", [tables])
    const more = { id: "0002", sql: "alter table agent_acme_rooms add column size integer default 3;" }
    yield* Storage.migrate("agent-acme", [tables, more])
    yield* Storage.migrate("agent-acme", [tables, more])
    const storage = yield* Storage.forPlugin("acme")
    expect(yield* storage.query("select * from agent_acme_rooms")).toEqual([
      { name: "x;y", seen: 2, size: 3 },
    ])
    const rows = yield* storage.transact((transaction) => {
      transaction.run("insert into agent_acme_rooms (name) values (?)", ["z"])
      return transaction.all("select name from agent_acme_rooms order by 1")
    })
    expect(rows).toEqual([{ name: "x;y" }, { name: "z" }])
  }),
)

live(
  "a migration that fails leaves nothing, and is run anew when it is mended",
  database,
  Effect.gen(function* () {
    const sql = yield* Sql
    const broken = {
      id: "0002",
      sql: "create table agent_acme_two (a); alter table agent_acme_none add column b",
    }
    const error = yield* Effect.flip(Storage.migrate("agent-acme", [tables, broken]))
    expect(error.message).toContain('plugin agent-acme, migration "0002": no such table: agent_acme_none')
    expect(yield* sql.all("select name from sqlite_schema where name like 'agent_acme%'")).toEqual([])
    yield* Storage.migrate("agent-acme", [tables, { id: "0002", sql: "create table agent_acme_two (a)" }])
    expect(yield* sql.all("select id from plugin_migrations")).toEqual([{ id: "0001" }, { id: "0002" }])
  }),
)

live(
  "a migration touches the plugin's own names only",
  database,
  Effect.gen(function* () {
    const sql = yield* Sql
    const before = yield* sql.all("select name from sqlite_schema")
    const cases = [
      ["create table rooms (a)", "rooms"],
      ["create table agent_acme_a (a); drop table runs", "runs"],
      ['CREATE /* x */ TABLE "runs2" (a)', "runs2"],
      ["create index [other] on agent_acme_a(a)", "other"],
      ["create table agent_acmelike (a)", "agent_acmelike"],
      ["delete from events", "events"],
      ["create trigger agent_acme_t after insert on runs begin select 1; end", "runs"],
      ["create index agent_acme_i on runs(state)", "runs"],
      ["alter table agent_acme_a rename to other", "other"],
      ["insert or replace into runs values (1)", "runs"],
      ["create temp table agent_acme_x (a)", "may stand here"],
      ["pragma writable_schema=1", "may stand here"],
      ["attach '/tmp/x' as y", "may stand here"],
      ["commit", "may stand here"],
    ] as const
    for (const [text, named] of cases) {
      const error = yield* Effect.flip(Storage.migrate("agent-acme", [{ id: "0001", sql: text }]))
      expect([text, error._tag]).toEqual([text, "MigrationRefused"])
      expect(error.message).toContain(named)
    }
    expect(yield* sql.all("select name from sqlite_schema")).toEqual(before)
  }),
)

import { expect } from "bun:test"
import { Database as Sqlite } from "bun:sqlite"
import * as fs from "node:fs"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { mounted, remount, root } from "../testing/disk.ts"
import { effect, tempHome } from "../testing/effect.ts"
import { Connection } from "./Connection.ts"
import * as Database from "./Database.ts"

const at = (folder: string, changes?: ReadonlyArray<string>) =>
  Database.open(`${folder}/hub.db`, `${folder}/backups`, changes)

/** Opens, does something, and closes. */
const visit = <A, E>(
  folder: string,
  body: (sql: Effect.Success<ReturnType<typeof at>>) => Effect.Effect<A, E>,
) => Effect.scoped(Effect.flatMap(at(folder), body))

const refusal = (folder: string, changes?: ReadonlyArray<string>) =>
  Effect.flip(Effect.scoped(at(folder, changes)))

const put = (id: string) => ["insert into plan_sources (hash, sources) values (?, ?)", [id, "{}"]] as const

effect(
  "rows are there after closing, and the log is folded back",
  Effect.gen(function* () {
    const folder = yield* tempHome
    yield* visit(folder, (sql) => sql.run(...put("a")))
    expect(fs.readdirSync(folder)).toEqual(["hub.db"])
    expect(fs.statSync(`${folder}/hub.db`).mode & 0o777).toBe(0o600)
    expect(yield* visit(folder, (sql) => sql.all<{ hash: string }>("select hash from plan_sources"))).toEqual(
      [{ hash: "a" }],
    )
  }),
)

effect(
  "a throw rolls the whole transaction back and is a bug, not a storage failure",
  Effect.gen(function* () {
    const folder = yield* tempHome
    const sql = yield* at(folder)
    const bug = new Error("bug")
    for (const durability of ["full", "normal"] as const) {
      const exit = yield* Effect.exit(
        sql.transact(durability, (transaction) => {
          transaction.run(...put("a"))
          throw bug
        }),
      )
      expect(exit).toEqual(Exit.die(bug))
    }
    expect(yield* sql.all("select * from plan_sources")).toEqual([])
    expect(yield* sql.transact("normal", (transaction) => transaction.run(...put("a")))).toBe(1)
  }),
)

effect(
  "a connection of its own syncs only the transaction that asks for it",
  Effect.gen(function* () {
    const sqlite = new Sqlite(`${yield* tempHome}/hub.db`)
    sqlite.run("pragma synchronous=normal")
    const connection = new Connection(sqlite)
    const level = "pragma synchronous"
    const [normal, full] = [[{ synchronous: 1 }], [{ synchronous: 2 }]]
    expect(connection.transact("full", (transaction) => transaction.all(level))).toEqual(full)
    expect(connection.transact("normal", (transaction) => transaction.all(level))).toEqual(normal)
    const broken = () => {
      throw new Error("bug")
    }
    expect(() => connection.transact("full", broken)).toThrow("bug")
    expect(connection.all(level)).toEqual(normal)
    connection.close()
  }),
)

effect(
  "a wrong statement is a bug, not a storage failure",
  Effect.gen(function* () {
    const sql = yield* at(yield* tempHome)
    expect(Exit.hasDies(yield* Effect.exit(sql.all("selec 1")))).toBe(true)
    yield* sql.run(...put("a"))
    expect(Exit.hasDies(yield* Effect.exit(sql.run(...put("a"))))).toBe(true)
  }),
)

effect(
  "statements beyond the cache are dropped and prepared again",
  Effect.gen(function* () {
    const sql = yield* at(yield* tempHome)
    for (const turn of [1, 2]) {
      for (let n = 0; n < 300; n++)
        expect(yield* sql.all(`select ${n} as n, ? as turn`, [turn])).toEqual([{ n, turn }])
    }
  }),
)

effect(
  "each change runs once, in order; a failing one leaves nothing of its batch",
  Effect.gen(function* () {
    const folder = yield* tempHome
    const [one, two] = ["create table t (a text);", "alter table t add column b text default 'x';"]
    yield* Effect.scoped(Effect.flatMap(at(folder, [one]), (sql) => sql.run("insert into t values ('a')")))
    const broken = yield* Effect.exit(Effect.scoped(at(folder, [one, two, "create table u (a); selec"])))
    expect(Exit.hasDies(broken)).toBe(true)
    const sql = yield* at(folder, [one, two])
    expect(yield* sql.all("select * from t")).toEqual([{ a: "a", b: "x" }])
    expect(yield* sql.all("select name from sqlite_schema where name = 'u'")).toEqual([])
    expect(yield* sql.all("pragma user_version")).toEqual([{ user_version: 2 }])
  }),
)

effect(
  "a newer database is refused and left alone",
  Effect.gen(function* () {
    const folder = yield* tempHome
    yield* Effect.scoped(at(folder, ["create table t (a)", "create table u (a)"]))
    const before = fs.readFileSync(`${folder}/hub.db`)
    const error = yield* refusal(folder, ["create table t (a)"])
    expect(error.reason).toBe("newer")
    expect(error.message).toContain("version 2, this hub knows versions up to 1")
    expect(error.advice).toContain("Start the newer hub")
    expect(fs.readFileSync(`${folder}/hub.db`).equals(before)).toBe(true)
  }),
)

effect(
  "a file that is no database is refused with the newest backup, and left alone",
  Effect.gen(function* () {
    const folder = yield* tempHome
    const garbage = "this is no database ".repeat(500)
    fs.writeFileSync(`${folder}/hub.db`, garbage)
    expect((yield* refusal(folder)).advice).toContain(`no backup in ${folder}/backups`)
    fs.mkdirSync(`${folder}/backups`)
    for (const name of ["hub-2026-01-02.db", "hub-2026-01-01.db"])
      fs.writeFileSync(`${folder}/backups/${name}`, "")
    const error = yield* refusal(folder)
    expect(error.reason).toBe("corrupt")
    expect(error.advice).toContain(`hub restore ${folder}/backups/hub-2026-01-02.db`)
    expect(fs.readFileSync(`${folder}/hub.db`, "utf8")).toBe(garbage)
  }),
)

/** A database of many pages, the last of which were overwritten, as a bad disk would. */
const damaged = Effect.gen(function* () {
  const folder = yield* tempHome
  yield* visit(folder, (sql) => sql.run("insert into plan_sources values ('a', ?)", ["x".repeat(100_000)]))
  const fd = fs.openSync(`${folder}/hub.db`, "r+")
  fs.writeSync(fd, Buffer.alloc(16_384, 0xff), 0, 16_384, fs.fstatSync(fd).size - 16_384)
  fs.closeSync(fd)
  return folder
})

effect(
  "damage is looked for after an unclean stop, and only then",
  Effect.gen(function* () {
    const folder = yield* damaged
    yield* Effect.scoped(at(folder))
    fs.writeFileSync(`${folder}/hub.db-wal`, "left over")
    expect((yield* refusal(folder)).reason).toBe("corrupt")
  }),
)

effect(
  "damage is found when reading",
  Effect.gen(function* () {
    const folder = yield* damaged
    const error = yield* Effect.flip(visit(folder, (sql) => sql.run("update plan_sources set hash = 'b'")))
    expect(error.reason).toBe("corrupt")
  }),
)

effect(
  "a full database says so, keeps what was acknowledged, and goes on when there is room",
  Effect.gen(function* () {
    const sql = yield* at(yield* tempHome)
    yield* sql.run(...put("kept"))
    const [count] = yield* sql.all<{ page_count: number }>("pragma page_count")
    yield* sql.all(`pragma max_page_count = ${count!.page_count + 2}`)
    const large = ["insert into plan_sources values ('big', ?)", ["x".repeat(100_000)]] as const
    const error = yield* Effect.flip(sql.transact("full", (transaction) => transaction.run(...large)))
    expect(error.reason).toBe("full")
    expect(error.advice).toContain("Free some space")
    yield* sql.all("pragma max_page_count = 1000000")
    yield* sql.run(...large)
    expect(yield* sql.all("select hash from plan_sources order by 1")).toEqual([
      { hash: "big" },
      { hash: "kept" },
    ])
  }),
)

/** Another program in the middle of a write. */
const writer = (folder: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const other = new Sqlite(`${folder}/hub.db`)
      other.run("begin immediate")
      return other
    }),
    (other) => Effect.sync(() => other.close()),
  )

effect(
  "a write waits for another program's, and keeps nobody else waiting",
  Effect.gen(function* () {
    const folder = yield* tempHome
    const sql = yield* at(folder)
    const other = yield* writer(folder)
    const write = sql.transact("full", (transaction) => transaction.run(...put("a")))
    const waiting = yield* Effect.forkChild(Effect.all([write, sql.run(...put("b"))]))
    yield* TestClock.adjust("4 seconds")
    expect(waiting.pollUnsafe()).toBeUndefined()
    expect(yield* sql.all("select hash from plan_sources")).toEqual([])
    other.run("commit")
    yield* TestClock.adjust("25 millis")
    expect(yield* Fiber.join(waiting)).toEqual([1, 1])
  }),
)

effect(
  "a database that stays locked for five seconds is busy, and free again afterwards",
  Effect.gen(function* () {
    const folder = yield* tempHome
    const sql = yield* at(folder)
    const other = yield* writer(folder)
    const refused = yield* Effect.forkChild(Effect.flip(sql.run(...put("a"))))
    yield* TestClock.adjust("6 seconds")
    const error = yield* Fiber.join(refused)
    expect([error.reason, error.advice]).toEqual(["busy", expect.stringContaining("close it and try again")])
    other.run("rollback")
    expect(yield* sql.run(...put("a"))).toBe(1)
  }),
)

effect(
  "a missing folder, and a folder in place of the file, are refused",
  Effect.gen(function* () {
    const folder = yield* tempHome
    expect((yield* refusal(`${folder}/gone`)).reason).toBe("missing")
    fs.mkdirSync(`${folder}/hub.db`)
    expect((yield* refusal(folder)).reason).toBe("io")
  }),
)

if (root) {
  effect(
    "a disk that fills up is full, and nothing acknowledged is lost",
    Effect.gen(function* () {
      const folder = yield* mounted("2m")
      const scope = yield* Scope.make()
      const sql = yield* Scope.provide(at(folder), scope)
      let acknowledged = 0
      const fill = sql.run("insert into plan_sources values (hex(randomblob(16)), ?)", ["x".repeat(3000)])
      const error = yield* Effect.flip(
        Effect.forever(Effect.tap(fill, () => Effect.sync(() => acknowledged++))),
      )
      expect(error.reason).toBe("full")
      yield* Scope.close(scope, Exit.void)
      expect(acknowledged).toBeGreaterThan(10)
      expect(yield* visit(folder, (again) => again.all("select count(*) as n from plan_sources"))).toEqual([
        { n: acknowledged },
      ])
    }),
  )

  effect(
    "a disk that is full from the start is full",
    Effect.gen(function* () {
      const folder = yield* mounted("64k")
      expect(() => fs.writeFileSync(`${folder}/fill`, new Uint8Array(100_000))).toThrow("ENOSPC")
      expect((yield* refusal(folder)).reason).toBe("full")
    }),
  )

  effect(
    "a read-only disk is readonly, with and without a database on it",
    Effect.gen(function* () {
      const folder = yield* mounted("2m")
      yield* remount(folder, "ro")
      expect((yield* refusal(folder)).reason).toBe("readonly")
      yield* remount(folder, "rw")
      yield* Effect.scoped(at(folder))
      yield* remount(folder, "ro")
      expect((yield* refusal(folder)).reason).toBe("readonly")
    }),
  )
}

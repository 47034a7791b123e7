import { expect } from "bun:test"
import { Database as Sqlite } from "bun:sqlite"
import * as fs from "node:fs"
import { Effect } from "effect"
import { effect, tempHome } from "../testing/effect.ts"
import * as Backup from "./Backup.ts"
import * as Database from "./Database.ts"

const put = (hash: string) => ["insert into plan_sources values (?, ?)", [hash, "x".repeat(1000)]] as const

effect(
  "a backup beside a working hub holds all that is committed, and can be opened",
  Effect.gen(function* () {
    const folder = yield* tempHome
    const file = `${folder}/hub.db`
    const sql = yield* Database.open(file, `${folder}/backups`)
    for (let n = 0; n < 100; n++) yield* sql.run(...put(String(n)))
    const to = yield* Backup.backup(file, `${folder}/backups/${Backup.nameAt(0)}`)
    yield* sql.run(...put("later"))
    expect(to).toBe(`${folder}/backups/hub-1970-01-01T00-00-00-000Z.db`)
    expect(fs.readdirSync(`${folder}/backups`)).toHaveLength(1)
    expect(fs.statSync(to).mode & 0o777).toBe(0o600)
    yield* Backup.verify(to)
    const copy = yield* Database.open(to, folder)
    expect(yield* copy.all("select count(*) as n from plan_sources")).toEqual([{ n: 100 }])
  }),
)

effect(
  "a backup is not written over another one, and leaves no rest when it fails",
  Effect.gen(function* () {
    const folder = yield* tempHome
    const file = `${folder}/hub.db`
    yield* Effect.scoped(Database.open(file, folder))
    fs.writeFileSync(`${folder}/there.db`, "mine")
    expect((yield* Effect.flip(Backup.backup(file, `${folder}/there.db`))).message).toContain(
      "exists already",
    )
    expect(fs.readFileSync(`${folder}/there.db`, "utf8")).toBe("mine")
    expect((yield* Effect.flip(Backup.backup(`${folder}/gone.db`, `${folder}/b/x.db`))).reason).toBe(
      "missing",
    )
    expect(fs.readdirSync(`${folder}/b`)).toEqual([])
  }),
)

effect(
  "a damaged file does not pass the check, nor become a backup",
  Effect.gen(function* () {
    const folder = yield* tempHome
    const file = `${folder}/hub.db`
    const sqlite = new Sqlite(file)
    sqlite.run("create table t (a)")
    sqlite.run("insert into t values (randomblob(50000))")
    sqlite.close()
    const fd = fs.openSync(file, "r+")
    fs.writeSync(fd, Buffer.alloc(4096, 0xff), 0, 4096, 4096)
    fs.closeSync(fd)
    expect((yield* Effect.flip(Backup.verify(file))).reason).toBe("corrupt")
    expect((yield* Effect.flip(Backup.backup(file, `${folder}/b/x.db`))).reason).toBe("corrupt")
    expect(fs.readdirSync(`${folder}/b`)).toEqual([])
  }),
)

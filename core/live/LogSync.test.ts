import { expect, test } from "bun:test"
import { Database as Sqlite } from "bun:sqlite"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Effect, Layer } from "effect"
import { live, tempHome } from "../testing/effect.ts"
import * as LogSync from "./LogSync.ts"
import * as Database from "./Database.ts"

test("a closed log is a failed sync, told to everyone who waits, and no hang", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hub-sync-"))
  const file = path.join(folder, "log")
  const log = LogSync.open(file)
  log.close()
  const waits = await Promise.allSettled([log.synced(), log.synced(), log.synced()])
  expect(waits.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"])
  fs.rmSync(folder, { recursive: true })
})

live(
  "what is committed in full is in the log before the caller goes on, and many are synced together",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    const sql = yield* Database.open(`${home}/hub.db`, home)
    const put = (n: number) =>
      sql.transact("full", (t) => t.run("insert into plugin_values values ('p', ?, '1')", [`k${n}`]))
    yield* Effect.forEach(
      Array.from({ length: 200 }, (_, n) => n),
      put,
      { concurrency: "unbounded", discard: true },
    )
    // What a crash of the machine would leave: the files as they are now.
    fs.mkdirSync(`${home}/copy`)
    for (const part of ["", "-wal"]) fs.copyFileSync(`${home}/hub.db${part}`, `${home}/copy/hub.db${part}`)
    const copy = new Sqlite(`${home}/copy/hub.db`)
    expect(copy.query("select count(*) as n from plugin_values").get()).toEqual({ n: 200 })
    copy.close()
  }),
)

import { expect } from "bun:test"
import { Database as Sqlite } from "bun:sqlite"
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Layer } from "effect"
import { live, tempHome } from "../testing/effect.ts"
import { backup } from "./Backup.ts"
import * as Database from "./Database.ts"
import * as Home from "./Home.ts"
import { restore } from "./Restore.ts"

/** A home whose database holds one value, and a backup of it. */
const kept = Effect.gen(function* () {
  const home = yield* Home.open(yield* tempHome)
  yield* Effect.scoped(Layer.build(Database.layer.pipe(Layer.provide(Home.layer(home.path)))))
  const sqlite = new Sqlite(home.database)
  sqlite.run("insert into plugin_values values ('p', 'k', '1')")
  sqlite.close()
  const copy = path.join(home.backups, "hub-1.db")
  yield* backup(home.database, copy)
  return { home, copy }
})

const valueIn = (file: string): unknown => {
  const sqlite = new Sqlite(file, { readonly: true })
  const found = sqlite.query("select value from plugin_values").all()
  sqlite.close()
  return found
}

live(
  "a backup takes the place of a damaged database, which is kept",
  Layer.empty,
  Effect.gen(function* () {
    const { copy, home } = yield* kept
    fs.writeFileSync(home.database, "not a database")
    const { replaced } = yield* restore(home, copy)
    expect(valueIn(home.database)).toEqual([{ value: "1" }])
    expect(fs.readFileSync(path.join(replaced ?? "", "hub.db"), "utf8")).toBe("not a database")
  }),
)

live(
  "a damaged backup replaces nothing",
  Layer.empty,
  Effect.gen(function* () {
    const { copy, home } = yield* kept
    fs.writeFileSync(copy, "not a database")
    const refused = yield* Effect.flip(restore(home, copy))
    expect(refused).toMatchObject({ reason: "corrupt", path: copy })
    expect(valueIn(home.database)).toEqual([{ value: "1" }])
  }),
)

/** Commands on the state of a home: backup, restore, and what `hub doctor` asks of it. */
import { existsSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import { Clock, Effect, Schema } from "effect"
import * as Cli from "../core/edge/Cli.ts"
import type { Daemon } from "../core/edge/extras/daemon/Reach.ts"
import { daemonFindings } from "../core/edge/extras/DaemonFindings.ts"
import type { DoctorOptions } from "../core/edge/extras/Doctor.ts"
import * as Backup from "../core/live/Backup.ts"
import * as Restore from "../core/live/Restore.ts"
import * as Field from "../core/plugin/Field.ts"
import { OperationFailed } from "../core/plugin/Operation.ts"
import type { Finding } from "../core/plugin/Plugin.ts"
import type { StorageFailed } from "../core/services/Sql.ts"
import { home, type Wish } from "./home.ts"
import { takeOver } from "./takeOver.ts"

const refused = (error: StorageFailed) =>
  new OperationFailed({ code: "unavailable", message: error.message, details: { reason: error.reason } })

export const backupCommand = Cli.extra({
  path: ["backup"],
  summary: "Writes a checked copy of the database, beside a hub at work.",
  input: Schema.Struct({
    to: Field.optional(Schema.NonEmptyString, "The file to write. A name by date in backups/ when left out."),
  }),
  examples: ["hub backup", "hub backup --to /mnt/disk/hub.db"],
  run: ({ to }, { cwd }) =>
    Effect.gen(function* () {
      const { backups, database } = yield* home
      const name = join(backups, Backup.nameAt(yield* Clock.currentTimeMillis))
      const file = yield* Effect.mapError(
        Backup.backup(database, to === undefined ? name : resolve(cwd, to)),
        refused,
      )
      const { size } = statSync(file)
      return { output: { file, bytes: size }, text: `${file}  ${size} bytes` }
    }),
})

export const restoreCommand = (wish: Wish) =>
  Cli.extra({
    path: ["restore"],
    summary: "Puts a backup in the place of the database, once it is found sound. What was there is kept.",
    input: Schema.Struct({ file: Field.required(Schema.NonEmptyString, "A file that `hub backup` wrote.") }),
    positional: ["file"],
    examples: ["hub restore ~/.hub/backups/hub-2026-11-21T08-00-00-000Z.db"],
    run: ({ file }, { cwd }) =>
      Effect.gen(function* () {
        const at = yield* home
        yield* takeOver(at, wish)
        const done = yield* Effect.mapError(Restore.restore(at, resolve(cwd, file)), refused)
        const before = done.replaced === undefined ? "" : `\nwhat was there before: ${done.replaced}`
        return { output: done, text: `${done.database} is ${done.from} again${before}` }
      }),
  })

const ok = (text: string): ReadonlyArray<Finding> => [{ level: "ok", text }]

const database = (context: Cli.Context): Effect.Effect<ReadonlyArray<Finding>> => {
  const file = join(context.home, "hub.db")
  if (!existsSync(file)) return Effect.succeed(ok("no database yet: the first dispatch makes it"))
  return Effect.match(Backup.verify(file), {
    onSuccess: () => ok(`${file} is sound, ${statSync(file).size} bytes`),
    onFailure: ({ advice, detail }) => [{ level: "error", text: `${file}: ${detail}`, advice }],
  })
}

export const checks = (daemon: Daemon): DoctorOptions["checks"] => [
  { id: "hub", check: daemonFindings(daemon) },
  { id: "database", check: database },
]

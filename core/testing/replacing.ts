/** A file that another program replaces all the time, as an editor does now and then. */
import { symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"

/** Says that it has begun, then goes on until it is ended. */
const script = `
const { renameSync, writeFileSync } = require("node:fs")
const [, beside, file] = process.argv
for (let times = 0; ; times++) {
  writeFileSync(beside, String(times))
  renameSync(beside, file)
  if (times === 0) console.log("on")
}`

/** Until the scope closes. `link` leads to `file`. */
export const replacing = (
  folder: string,
): Effect.Effect<{ readonly file: string; readonly link: string }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const [file, link] = [join(folder, "file"), join(folder, "link")]
    writeFileSync(file, "")
    symlinkSync("file", link)
    const args = ["-e", script, join(folder, "beside"), file]
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => Bun.spawn([process.execPath, ...args], { stdout: "pipe" })),
      (child) =>
        Effect.promise(() => {
          child.kill("SIGKILL")
          return child.exited
        }),
    )
    yield* Effect.promise(() => child.stdout.getReader().read())
    return { file, link }
  })

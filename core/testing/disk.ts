/** A small disk of its own, for tests of full and read-only ones. Only root may mount. */
import { spawnSync } from "node:child_process"
import { Effect, type Scope } from "effect"
import { tempHome } from "./effect.ts"

export const root: boolean = process.platform === "linux" && process.getuid?.() === 0 && mountable()

/** A mounted folder of `size` (`"64k"`, `"1m"`), unmounted when the scope closes. */
export const mounted = (size: string, mode: "rw" | "ro" = "rw"): Effect.Effect<string, never, Scope.Scope> =>
  Effect.flatMap(tempHome, (folder) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        run("mount", "-t", "tmpfs", "-o", `size=${size},mode=0700,${mode}`, "tmpfs", folder)
        return folder
      }),
      () => Effect.sync(() => run("umount", "-l", folder)),
    ),
  )

export const remount = (folder: string, mode: "rw" | "ro"): Effect.Effect<void> =>
  Effect.sync(() => run("mount", "-o", `remount,${mode}`, folder))

const run = (program: string, ...args: ReadonlyArray<string>): void => {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" })
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`)
}

function mountable(): boolean {
  return spawnSync("unshare", ["-m", "true"]).status === 0
}

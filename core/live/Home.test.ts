import { expect } from "bun:test"
import * as fs from "node:fs"
import { Effect, Scope } from "effect"
import { effect, tempHome } from "../testing/effect.ts"
import { mounted, root } from "../testing/disk.ts"
import * as Home from "./Home.ts"

const by = { command: "hub serve", version: "1.2.3" }

effect(
  "a new home is made, closed to others, with folders made when asked for",
  Effect.gen(function* () {
    const parent = yield* tempHome
    const home = yield* Home.open(`${parent}/deep/hub`)
    expect(fs.statSync(home.path).mode & 0o777).toBe(0o700)
    expect(fs.readdirSync(home.path)).toEqual([])
    expect(yield* home.folder(home.logs)).toBe(`${parent}/deep/hub/logs`)
    expect(fs.statSync(home.logs).mode & 0o777).toBe(0o700)
    yield* home.folder(home.logs)
  }),
)

effect(
  "a home open to others is closed",
  Effect.gen(function* () {
    const folder = yield* tempHome
    fs.chmodSync(folder, 0o755)
    yield* Home.open(folder)
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700)
  }),
)

effect(
  "HUB_HOME says where when nothing else does",
  Effect.gen(function* () {
    const folder = yield* tempHome
    const before = process.env["HUB_HOME"]
    process.env["HUB_HOME"] = folder
    const home = yield* Home.open()
    if (before === undefined) delete process.env["HUB_HOME"]
    else process.env["HUB_HOME"] = before
    expect(home.database).toBe(`${folder}/hub.db`)
  }),
)

effect(
  "an unusable home says why and what to do",
  Effect.gen(function* () {
    const folder = yield* tempHome
    fs.writeFileSync(`${folder}/file`, "")
    fs.symlinkSync("/nowhere/at/all", `${folder}/link`)
    const cases = [
      ["some/where", "relative"],
      [`${folder}/file`, "not_a_folder"],
      [`${folder}/file/below`, "not_a_folder"],
      [`${folder}/link`, "missing"],
      ["/proc/nowhere/hub", "missing"],
    ] as const
    for (const [path, reason] of cases) {
      const error = yield* Effect.flip(Home.open(path))
      expect([path, error.reason]).toEqual([path, reason])
      expect(error.message).toContain("HUB_HOME")
      expect(error.message).toContain(JSON.stringify(path))
    }
  }),
)

if (root) {
  effect(
    "a read-only disk is said to be one",
    Effect.gen(function* () {
      const error = yield* Effect.flip(Home.open(yield* mounted("1m", "ro")))
      expect(error.reason).toBe("readonly")
    }),
  )

  effect(
    "a full disk is said to be full",
    Effect.gen(function* () {
      const disk = yield* mounted("64k")
      expect(() => fs.writeFileSync(`${disk}/fill`, new Uint8Array(100_000))).toThrow("ENOSPC")
      const error = yield* Effect.flip(Home.open(disk))
      expect(error.reason).toBe("full")
      expect(fs.readdirSync(disk)).toEqual(["fill"])
    }),
  )

  effect(
    "the home of another user is left alone",
    Effect.gen(function* () {
      const folder = yield* tempHome
      fs.chownSync(folder, 12_345, 12_345)
      expect((yield* Effect.flip(Home.open(folder))).reason).toBe("foreign")
    }),
  )
} else {
  effect(
    "a home without the right to write is said to be unwritable",
    Effect.gen(function* () {
      const folder = yield* tempHome
      fs.chmodSync(folder, 0o500)
      expect((yield* Effect.flip(Home.open(folder))).reason).toBe("unwritable")
    }),
  )
}

effect(
  "a second hub is told who holds the home, until it is let go",
  Effect.gen(function* () {
    const home = yield* Home.open(yield* tempHome)
    const scope = yield* Scope.make()
    expect(yield* Home.holder(home)).toBeUndefined()
    yield* Scope.provide(Home.hold(home, by), scope)
    expect(yield* Home.holder(home)).toMatchObject({ pid: process.pid, ...by })
    const error = yield* Effect.flip(Effect.scoped(Home.hold(home, { ...by, command: "other" })))
    expect(error).toMatchObject({ _tag: "HomeHeld", holder: { pid: process.pid, ...by } })
    expect(error.message).toContain(`hub 1.2.3, pid ${process.pid} (hub serve)`)
    expect(error.message).toContain("Stop it with `hub stop`")
    yield* Scope.close(scope, yield* Effect.exit(Effect.void))
    yield* Home.hold(home, by)
  }),
)

effect(
  "facts of a holder that is gone, or no facts, never block",
  Effect.gen(function* () {
    const home = yield* Home.open(yield* tempHome)
    for (const left of ['{"pid":1,"command":"gone","since":1,"version":"0"}', "no json", ""]) {
      fs.writeFileSync(`${home.path}/holder.json`, left)
      expect(yield* Home.holder(home)).toBeUndefined()
      yield* Effect.scoped(Home.hold(home, by))
    }
    yield* Home.hold(home, by)
    fs.writeFileSync(`${home.path}/holder.json`, "no json")
    const error = yield* Effect.flip(Effect.scoped(Home.hold(home, by)))
    expect(error.message).toContain("held by another hub")
    expect(yield* Home.holder(home)).toBe("unnamed")
  }),
)

const started = (fixture: string, folder: string) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      Bun.spawn([process.execPath, `${import.meta.dir}/fixtures/${fixture}`, folder], {
        stdin: "pipe",
        stdout: "pipe",
      }),
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL")),
  ).pipe(Effect.tap((child) => Effect.promise(() => child.stdout.getReader().read())))

effect(
  "a hub that is killed lets go",
  Effect.gen(function* () {
    const folder = yield* tempHome
    const home = yield* Home.open(folder)
    const child = yield* started("hold.ts", folder)
    const error = yield* Effect.flip(Effect.scoped(Home.hold(home, by)))
    expect(error).toMatchObject({ _tag: "HomeHeld", holder: { pid: child.pid, command: "fixture" } })
    child.kill("SIGKILL")
    yield* Effect.promise(() => child.exited)
    yield* Home.hold(home, by)
  }),
)

effect(
  "who asks while somebody else does is named nobody who was here before, and neither keeps a hub out",
  Effect.gen(function* () {
    const folder = yield* tempHome
    const home = yield* Home.open(folder)
    const child = yield* started("hold.ts", folder)
    child.kill("SIGKILL")
    yield* Effect.promise(() => child.exited)
    expect(fs.existsSync(`${folder}/holder.json`)).toBe(true)
    const asking = yield* started("ask.ts", folder)
    expect(yield* Home.holder(home)).toBeUndefined()
    asking.stdin.write("enough\n")
    void asking.stdin.flush()
    yield* Home.hold(home, by)
    expect(yield* Home.holder(home)).toMatchObject({ pid: process.pid })
  }),
)

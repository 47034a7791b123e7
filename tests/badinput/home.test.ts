/** A home that cannot be used, and a database that cannot: both are refused with what to do, and left as they are. */
import { Database } from "bun:sqlite"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import { ensureBuilt } from "../../bin/binary.ts"
import { mounted, remount, root } from "../../core/testing/disk.ts"
import { agent, documentOf, endHub, type Home, makeHome, run, Server } from "../support/hub.ts"
import { refused } from "./refused.ts"

const work = ["dispatch", "--wait", "--agent", "echo", "hi"]
const plugins = agent("echo", "cat")

let home: Home

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({ file: "mine" })
}, 120_000)

beforeEach(() => {
  home.stop()
  fs.rmSync(path.join(home.path, "hub"), { recursive: true, force: true })
  home.write("hub/plugins.toml", plugins)
})

afterAll(() => home.remove())

const at = (...parts: ReadonlyArray<string>): string => path.join(home.path, ...parts)

describe("HUB_HOME", () => {
  for (const [what, folder, said] of [
    [
      "relative",
      "some/where",
      'HUB_HOME is not an absolute path ("some/where"). Set HUB_HOME to a path that starts with /.',
    ],
    ["a file", "$/file", "is not a folder"],
    ["below a file", "$/file/deeper", "is not a folder"],
    ["where nothing can be made", "/proc/1/hub", "cannot be made"],
  ] as const)
    test(`${what}: exit 4, and what to do`, async () => {
      const env = { HUB_HOME: folder.replace("$", home.path) }
      const message = await refused(home, 4, work, { env })
      expect(message).toContain(said)
      expect(message).toMatch(/(set|Set) HUB_HOME to/)
      expect(await refused(home, 4, ["runs", "list"], { env })).toBe(message)
      expect(fs.readFileSync(at("file"), "utf8")).toBe("mine")
    })

  test.skipIf(!root)("on a read-only disk", () =>
    onDisk("1m", async (disk, env) => {
      await Effect.runPromise(remount(disk, "ro"))
      expect(await refused(home, 4, work, { env })).toContain("is on a read-only disk")
      expect(fs.readdirSync(disk)).toEqual(["plugins.toml"])
    }),
  )

  test.skipIf(!root)("on a full disk: refused; with room again everything is there", () =>
    onDisk("4m", async (disk, env) => {
      expect(await run(home, work, { env })).toMatchObject({ code: 0, out: "hi\n" })
      fill(disk)
      expect(await refused(home, 4, work, { env })).toContain("disk of the hub's home is full")
      fs.rmSync(path.join(disk, "fill"))
      expect(await run(home, work, { env })).toMatchObject({ code: 0, out: "hi\n" })
      expect(await prompts(env)).toEqual(["hi", "hi"])
    }),
  )

  test.skipIf(!root)(
    "whose disk fills up under a serving hub: work is refused, not lost, and goes on with room",
    () =>
      onDisk("8m", async (disk, env) => {
        const server = new Server(home, [], env)
        await server.initialize()
        const dispatch = () =>
          server.tool<{ run_id: string }>("dispatch", {
            agent: "echo",
            cwd: home.path,
            prompt: "x".repeat(20_000),
          })
        const { run_id } = await dispatch()
        await server.tool("check_dispatch", { run_id, wait_seconds: 30 })
        fill(disk)
        const acknowledged = [run_id]
        const said = await dispatch().then(
          (accepted) => acknowledged.push(accepted.run_id),
          (error: Error) => error.message,
        )
        expect(said).toContain("full")
        expect(said).toContain("Free some space")
        fs.rmSync(path.join(disk, "fill"))
        acknowledged.push((await dispatch()).run_id)
        for (const id of acknowledged)
          expect(await server.tool("check_dispatch", { run_id: id, wait_seconds: 30 })).toMatchObject({
            state: "succeeded",
          })
        expect(await server.close()).toBe(0)
      }),
  )
})

const prompts = async (env: Readonly<Record<string, string>> = {}): Promise<ReadonlyArray<string>> =>
  documentOf<{ runs: ReadonlyArray<{ prompt: string }> }>(
    await run(home, ["runs", "list", "--json"], { env }),
  ).runs.map(({ prompt }) => prompt)

const onDisk = (
  size: string,
  body: (disk: string, env: Readonly<Record<string, string>>) => Promise<void>,
): Promise<void> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(mounted(size), (disk) =>
        Effect.promise(async () => {
          fs.writeFileSync(path.join(disk, "plugins.toml"), plugins, { mode: 0o600 })
          try {
            await body(disk, { HUB_HOME: disk })
          } finally {
            endHub(disk)
          }
        }),
      ),
    ),
  )

/** Takes the last byte. */
const fill = (disk: string): void => {
  const file = fs.openSync(path.join(disk, "fill"), "w")
  for (const bytes of [65_536, 4096, 1])
    try {
      for (;;) fs.writeSync(file, new Uint8Array(bytes))
    } catch (error) {
      expect((error as { code?: string }).code).toBe("ENOSPC")
    }
  fs.closeSync(file)
}

describe("the database", () => {
  const file = () => at("hub/hub.db")
  const spoil: Readonly<Record<string, () => void>> = {
    "newer than the hub": () => {
      const database = new Database(file())
      database.run("pragma user_version=4711")
      database.close()
    },
    "no database at all": () => fs.writeFileSync(file(), "My diary. ".repeat(1000)),
    "damaged in the middle": () => {
      const opened = fs.openSync(file(), "r+")
      fs.writeSync(opened, new Uint8Array(8 * 4096).fill(0x5a), 0, 8 * 4096, 4096)
      fs.closeSync(opened)
    },
    "cut off": () => fs.truncateSync(file(), 5000),
  }
  const words: Readonly<Record<string, string>> = { "newer than the hub": "version 4711" }

  for (const [what, harm] of Object.entries(spoil))
    test(`${what}: refused with how to go on, and not a byte is changed`, async () => {
      expect((await run(home, work)).code).toBe(0)
      home.stop()
      harm()
      const before = fs.readFileSync(file())
      const [message] = await Promise.all([refused(home, 4, ["runs", "list"]), refused(home, 4, work)])
      expect(message).toContain(words[what] ?? "The file is left as it is.")
      expect(message).toContain(file())
      expect(message).toContain(
        `There is no backup in ${at("hub/backups")}: move the file away to start empty.`,
      )
      expect(fs.readFileSync(file()).equals(before)).toBe(true)
      fs.mkdirSync(at("hub/backups"), { recursive: true })
      fs.writeFileSync(at("hub/backups/hub-2026-01-02.db"), "")
      expect(await refused(home, 4, ["runs", "list"])).toContain(
        `hub restore ${at("hub/backups/hub-2026-01-02.db")}`,
      )
      expect(fs.readFileSync(file()).equals(before)).toBe(true)
    })

  test("damaged: the command that the error names brings the newest backup back", async () => {
    expect((await run(home, work)).code).toBe(0)
    expect((await run(home, ["backup"])).code).toBe(0)
    home.stop()
    spoil["no database at all"]?.()
    const [, restore = ""] = /hub (restore \S+)/.exec(await refused(home, 4, ["runs", "list"])) ?? []
    expect((await run(home, restore.split(" "))).code).toBe(0)
    expect(await prompts()).toEqual(["hi"])
  })

  test("locked by another program: looking works, new work is refused, and works when the lock is gone", async () => {
    expect((await run(home, work)).code).toBe(0)
    const other = new Database(file())
    // The hub may still be noting what it has just done.
    other.run("pragma busy_timeout=10000")
    other.run("begin immediate")
    expect(await prompts()).toEqual(["hi"])
    const busy = await run(home, work)
    expect(busy).toMatchObject({ code: 4, out: "" })
    expect(busy.err).toContain("database is locked")
    expect(busy.err).toContain("Another program is writing to this file; close it and try again.")
    other.run("rollback")
    other.close()
    expect(await run(home, work)).toMatchObject({ code: 0, out: "hi\n" })
    expect(await prompts()).toEqual(["hi", "hi"])
  })
})

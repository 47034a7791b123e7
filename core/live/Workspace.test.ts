import { expect } from "bun:test"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { Effect, Layer } from "effect"
import { Home } from "../services/Home.ts"
import { live, tempHome } from "../testing/effect.ts"
import { mounted, root } from "../testing/disk.ts"
import * as HomeLive from "./Home.ts"
import * as Workspace from "./Workspace.ts"

const home = Layer.unwrap(Effect.map(tempHome, HomeLive.layer))

live(
  "a text comes back, folders on the way are made, nothing else is left",
  home,
  Effect.gen(function* () {
    const folder = yield* tempHome
    const files = yield* Workspace.forPlugin("one")
    const file = `${folder}/a/b c/"d"\n.txt`
    yield* files.write(file, "one")
    yield* files.write(file, "é\0😀")
    expect(yield* files.read(file)).toBe("é\0😀")
    expect(fs.readdirSync(`${folder}/a/b c`)).toEqual(['"d"\n.txt'])
    expect(yield* files.exists(file)).toBe(true)
    yield* files.remove(file)
    yield* files.remove(file)
    expect(yield* files.exists(file)).toBe(false)
  }),
)

live(
  "writing keeps the mode of a file and the link that leads to it",
  home,
  Effect.gen(function* () {
    const folder = yield* tempHome
    const files = yield* Workspace.forPlugin("one")
    fs.writeFileSync(`${folder}/run.sh`, "old")
    fs.chmodSync(`${folder}/run.sh`, 0o755)
    fs.symlinkSync("run.sh", `${folder}/link`)
    yield* files.write(`${folder}/link`, "new")
    expect(fs.readFileSync(`${folder}/run.sh`, "utf8")).toBe("new")
    expect(fs.statSync(`${folder}/run.sh`).mode & 0o777).toBe(0o755)
    expect(fs.lstatSync(`${folder}/link`).isSymbolicLink()).toBe(true)
  }),
)

live(
  "what cannot be read says why, and never waits",
  home,
  Effect.gen(function* () {
    const folder = yield* tempHome
    const files = yield* Workspace.forPlugin("one")
    fs.writeFileSync(`${folder}/long`, "x".repeat(101))
    fs.symlinkSync("nowhere", `${folder}/dangling`)
    spawnSync("mkfifo", [`${folder}/pipe`])
    const cases = [
      ["gone", "missing"],
      ["long", "too_large"],
      ["pipe", "not_a_file"],
      [".", "not_a_file"],
      ["long/below", "not_a_file"],
      ["dangling", "missing"],
    ] as const
    for (const [name, reason] of cases) {
      const error = yield* Effect.flip(files.read(`${folder}/${name}`, 100))
      expect([name, error.reason]).toEqual([name, reason])
    }
    expect(yield* files.read(`${folder}/long`, 101)).toHaveLength(101)
    expect((yield* Effect.flip(files.write(`${folder}/long/below`, ""))).reason).toBe("not_a_file")
    expect((yield* Effect.flip(files.remove(folder))).reason).toBe("not_a_file")
  }),
)

live(
  "the hub's home is out of reach, by any way, but for the plugin's own folder",
  home,
  Effect.gen(function* () {
    const { path } = yield* Home
    const folder = yield* tempHome
    const files = yield* Workspace.forPlugin("one")
    const own = yield* files.data
    expect(fs.statSync(own).mode & 0o777).toBe(0o700)
    yield* files.write(`${own}/kept`, "x")
    fs.mkdirSync(`${path}/secrets`)
    fs.writeFileSync(`${path}/secrets/key`, "x")
    fs.symlinkSync(path, `${folder}/link`)
    const ways = [
      `${path}/secrets/key`,
      `${folder}/link/secrets/key`,
      `${own}/../../secrets/key`,
      `${path}/data/two/x`,
      `${path}/hub.db`,
      "relative",
      `${folder}/\0`,
    ]
    for (const way of ways) {
      expect([way, (yield* Effect.flip(files.read(way))).reason]).toEqual([way, "outside"])
      expect((yield* Effect.flip(files.write(way, ""))).reason).toBe("outside")
      expect((yield* Effect.flip(files.remove(way))).reason).toBe("outside")
      expect(yield* files.exists(way)).toBe(false)
    }
    expect((yield* Effect.flip(files.glob(path, "**"))).reason).toBe("outside")
    expect(yield* (yield* Workspace.forPlugin("../..")).data).toStartWith(`${path}/data/`)
  }),
)

live(
  "a glob gives files in order, without .git, node_modules and circles",
  home,
  Effect.gen(function* () {
    const folder = yield* tempHome
    const files = yield* Workspace.forPlugin("one")
    for (const name of [
      "b.ts",
      "a.ts",
      "a/z.ts",
      "a/b/c.ts",
      "a.md",
      ".git/x.ts",
      "a/node_modules/x.ts",
      ".hidden/x.ts",
    ])
      yield* files.write(`${folder}/${name}`, "")
    fs.symlinkSync("..", `${folder}/a/circle`)
    expect(yield* files.glob(folder, "**/*.ts")).toEqual(
      [".hidden/x.ts", "a.ts", "a/b/c.ts", "a/z.ts", "b.ts"].map((name) => `${folder}/${name}`),
    )
    expect(yield* files.glob(folder, "*.{md,ts}")).toEqual(
      ["a.md", "a.ts", "b.ts"].map((name) => `${folder}/${name}`),
    )
    expect((yield* Effect.flip(files.glob(`${folder}/gone`, "*"))).reason).toBe("missing")
  }),
)

live(
  "a glob ends at 10,000 files",
  home,
  Effect.gen(function* () {
    const folder = yield* tempHome
    for (let n = 0; n < 10_005; n++) fs.writeFileSync(`${folder}/${n}`, "")
    expect(yield* (yield* Workspace.forPlugin("one")).glob(folder, "*")).toHaveLength(10_000)
  }),
)

if (root)
  live(
    "a write that fails leaves the old text and no rest",
    home,
    Effect.gen(function* () {
      const disk = yield* mounted("64k")
      const files = yield* Workspace.forPlugin("one")
      yield* files.write(`${disk}/file`, "old")
      const error = yield* Effect.flip(files.write(`${disk}/file`, "x".repeat(100_000)))
      expect(error.reason).toBe("full")
      expect(error.message).toContain("no space left")
      expect(fs.readdirSync(disk)).toEqual(["file"])
      expect(yield* files.read(`${disk}/file`)).toBe("old")
    }),
  )

import { expect, spyOn } from "bun:test"
import * as fs from "node:fs"
import { Effect, Layer } from "effect"
import { Home } from "../services/Home.ts"
import { about } from "../services/Log.ts"
import { Secrets } from "../services/Secrets.ts"
import { mounted, root } from "../testing/disk.ts"
import { live, tempHome } from "../testing/effect.ts"
import * as HomeLive from "./Home.ts"
import * as Log from "./Log.ts"
import * as SecretsLive from "./Secrets.ts"

const base = (folder: string) =>
  SecretsLive.layer.pipe(
    Layer.provideMerge(HomeLive.layer(folder)),
    Layer.provideMerge(Log.atLeast(undefined, "info")),
  )
const log = Layer.provideMerge(Log.file, Layer.unwrap(Effect.map(tempHome, base)))

const lines = (folder: string): ReadonlyArray<Record<string, unknown>> =>
  fs
    .readFileSync(`${folder}/logs/hub.log`, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line))

live(
  "a line is JSON with its facts, in a file for its owner, and nothing on stdout",
  log,
  Effect.gen(function* () {
    const { path } = yield* Home
    const stdout = spyOn(process.stdout, "write")
    const console_log = spyOn(console, "log")
    yield* Effect.logWarning("two\nlines", { count: 2 }).pipe(
      about({ component: "plugin:acme", run: "r" }),
      Effect.annotateLogs({ step: "write", level: "fatal", message: "mine", time: "never" }),
    )
    yield* Effect.logError("failed", new TypeError("bad"))
    expect([stdout.mock.calls.length, console_log.mock.calls.length]).toEqual([0, 0])
    stdout.mockRestore()
    console_log.mockRestore()
    const [first, second] = lines(path)
    expect(first).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: "warn",
      component: "plugin:acme",
      message: "two\nlines",
      run: "r",
      step: "write",
      data: { count: 2 },
    })
    expect(Object.keys(first ?? {}).slice(0, 4)).toEqual(["time", "level", "component", "message"])
    expect(second).toMatchObject({ level: "error", component: "hub", message: "failed" })
    expect(JSON.stringify(second)).toContain("bad")
    expect(fs.statSync(`${path}/logs/hub.log`).mode & 0o777).toBe(0o600)
  }),
)

live(
  "secrets do not reach the log, in no field",
  log,
  Effect.gen(function* () {
    const { path } = yield* Home
    fs.mkdirSync(`${path}/secrets`)
    fs.writeFileSync(`${path}/secrets/key`, 'canary"value', { mode: 0o600 })
    yield* (yield* Secrets).get("key")
    const secret = 'canary"value'
    yield* Effect.logError(secret, { [secret]: secret }, new Error(secret)).pipe(
      Effect.annotateLogs({ a: secret }),
    )
    yield* Effect.logError("-----BEGIN PRIVATE KEY-----\ncanary")
    expect(lines(path)).toHaveLength(2)
    expect(fs.readFileSync(`${path}/logs/hub.log`, "utf8")).not.toContain("canary")
  }),
)

live(
  "the log is turned over at 5 MB and keeps 5 files",
  log,
  Effect.gen(function* () {
    const { logs } = yield* Home
    const text = Array.from({ length: 15 }, () => "x".repeat(3_990))
    for (let n = 0; n < 600; n++) yield* Effect.logInfo(`line ${n}`, text)
    const names = fs.readdirSync(logs).sort()
    expect(names).toEqual(["hub.log", "hub.log.1", "hub.log.2", "hub.log.3", "hub.log.4"])
    for (const name of names) expect(fs.statSync(`${logs}/${name}`).size).toBeLessThanOrEqual(5 * 1024 * 1024)
    for (const name of names.slice(1))
      expect(fs.statSync(`${logs}/${name}`).size).toBeGreaterThan(4.9 * 1024 * 1024)
    const last = fs.readFileSync(`${logs}/hub.log`, "utf8").trimEnd().split("\n").at(-1)!
    expect(JSON.parse(last).message).toBe("line 599")
  }),
)

if (root)
  live(
    "a full disk does not stop the one who logs",
    Layer.provideMerge(Log.file, Layer.unwrap(Effect.map(mounted("256k"), base))),
    Effect.gen(function* () {
      const { logs, path } = yield* Home
      expect(() => fs.writeFileSync(`${path}/fill`, new Uint8Array(500_000))).toThrow("ENOSPC")
      yield* Effect.logInfo("x".repeat(3_000), ["y".repeat(3_000)])
      fs.rmSync(`${path}/fill`)
      yield* Effect.logInfo("after")
      expect(fs.readFileSync(`${logs}/hub.log`, "utf8")).toContain('"after"')
    }),
  )

live(
  "a person who watches gets readable lines on stderr, beside the file",
  Layer.provideMerge(Log.fileAndStderr, Layer.unwrap(Effect.map(tempHome, base))),
  Effect.gen(function* () {
    const written: Array<string> = []
    const stderr = spyOn(process.stderr, "write").mockImplementation((text) => {
      written.push(String(text))
      return true
    })
    yield* Effect.logInfo(`token sk-${"a1B2".repeat(6)}`).pipe(Effect.annotateLogs({ run: "r" }))
    stderr.mockRestore()
    expect(lines((yield* Home).path)).toHaveLength(1)
    expect(written.join("")).toBe('info: hub: token [redacted] {"run":"r"}\n')
  }),
)

live(
  "what is less important than was asked for is not written, and no level at all means the usual one",
  Layer.unwrap(Effect.map(tempHome, base)),
  Effect.gen(function* () {
    const { path } = yield* Home
    const all = Effect.all([Effect.logDebug("d"), Effect.logInfo("i"), Effect.logWarning("w")])
    for (const wish of ["debug", "warn", undefined, "loud"])
      yield* Effect.provide(all, Layer.merge(Log.file, Log.atLeast(wish, "info")))
    expect(lines(path).map(({ message }) => message)).toEqual(["d", "i", "w", "w", "i", "w", "i", "w"])
  }),
)

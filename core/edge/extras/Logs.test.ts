import { expect, test } from "bun:test"
import * as fs from "node:fs"
import { join } from "node:path"
import { Deferred, Effect, Fiber, Layer, Queue } from "effect"
import { TestClock } from "effect/testing"
import * as HomeLive from "../../live/Home.ts"
import * as Log from "../../live/Log.ts"
import * as SecretsLive from "../../live/Secrets.ts"
import { about } from "../../services/Log.ts"
import { effect, live, tempHome } from "../../testing/effect.ts"
import { run } from "../Cli.ts"
import { HubUnreachable } from "../Door.ts"
import { parse, shown } from "./logs/Lines.ts"
import { logsCommand } from "./Logs.ts"

type Signal = "SIGINT" | "SIGTERM" | "SIGHUP"

/** `hub logs …`: what it writes comes through `told`, piece by piece. */
const hub = (
  home: string,
  argv: ReadonlyArray<string>,
  told: (text: string) => void,
  interrupted: Effect.Effect<Signal> = Effect.never,
) => {
  const sink = {
    write: (text: string, done: () => void) => {
      told(text)
      done()
    },
  }
  return run({
    argv: ["logs", ...argv],
    version: "1.2.3",
    home,
    cwd: home,
    env: {},
    core: [],
    extras: [logsCommand],
    connect: () => Effect.fail(new HubUnreachable({ home, message: "asked for a hub" })),
    stdin: (async function* () {})(),
    stdout: sink,
    stderr: sink,
    interrupted,
  })
}

const said = Effect.fnUntraced(function* (home: string, ...argv: ReadonlyArray<string>) {
  let text = ""
  const code = yield* hub(home, argv, (more) => (text += more))
  return { code, text }
})

const messages = Effect.fnUntraced(function* (home: string, ...argv: ReadonlyArray<string>) {
  const { text } = yield* said(home, ...argv, "--json")
  return (JSON.parse(text) as { lines: ReadonlyArray<{ message: string }> }).lines.map(
    ({ message }) => message,
  )
})

const logs = Effect.map(tempHome, (home) => {
  fs.mkdirSync(join(home, "logs"), { mode: 0o700 })
  return home
})

const line = (message: string, more: object = {}) =>
  `${JSON.stringify({ time: "1970-01-01T00:00:00.000Z", level: "info", component: "dispatch", message, ...more })}\n`

const write = (home: string, text: string, age = "") =>
  fs.appendFileSync(join(home, `logs/hub.log${age}`), text)
/** As the hub does it. */
const turnOver = (home: string) => {
  for (let age = 4; age > 0; age--) {
    const from = join(home, `logs/hub.log${age === 1 ? "" : `.${age - 1}`}`)
    if (fs.existsSync(from)) fs.renameSync(from, join(home, `logs/hub.log.${age}`))
  }
}

effect(
  "the newest lines come from all files in the order in which they were written",
  Effect.gen(function* () {
    const home = yield* logs
    for (const [age, from] of [
      ["", 6],
      [".1", 3],
      [".2", 0],
    ] as const)
      for (const n of [0, 1, 2]) write(home, line(`${from + n}`), age)
    expect(yield* messages(home)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8"])
    expect(yield* messages(home, "-n", "4")).toEqual(["5", "6", "7", "8"])
    expect(yield* messages(home, "-n", "0")).toEqual([])
  }),
)

effect(
  "lines are chosen by level, run, component and time",
  Effect.gen(function* () {
    const home = yield* logs
    write(home, line("old", { level: "warn", run: "run-abc", component: "plugin:acme" }))
    write(home, line("new", { level: "error", run: "run-xyz", time: "1970-01-01T00:59:00.000Z" }))
    write(home, line("late", { level: "debug", component: "plugins", time: "1970-01-01T01:00:00.000Z" }))
    write(home, "half of a li\n")
    yield* TestClock.adjust("1 hour")
    expect(yield* messages(home, "--level", "warn")).toEqual(["old", "new"])
    expect(yield* messages(home, "--run", "abc")).toEqual(["old"])
    expect(yield* messages(home, "--component", "plugin")).toEqual(["old"])
    expect(yield* messages(home, "--component", "plugin:acme", "--level", "error")).toEqual([])
    expect(yield* messages(home, "--since", "10m")).toEqual(["new", "late"])
    expect(yield* messages(home, "--since", "1970-01-01T01:00:00Z")).toEqual(["late"])
    expect((yield* said(home, "--run", "nobody")).text).toStartWith("Nothing of that kind is in ")
    const wrong = yield* said(home, "--since", "soon")
    expect([wrong.code, wrong.text]).toEqual([2, expect.stringContaining("since: expected a duration")])
    expect((yield* said(home, "--level", "loud")).text).toContain(
      "one of trace, debug, info, warn, error, fatal",
    )
    expect((yield* said(home)).text).toEndWith("half of a li\n")
  }),
)

effect(
  "without a log it says where one will be, asks no hub, and makes nothing",
  Effect.gen(function* () {
    const home = yield* tempHome
    const { code, text } = yield* said(home)
    expect([code, text]).toEqual([
      0,
      expect.stringContaining(`There is no log yet. It will be ${home}/logs/hub.log`),
    ])
    expect(yield* messages(home)).toEqual([])
    expect(fs.readdirSync(home)).toEqual([])
    const nowhere = yield* said(join(home, "none"), "-f")
    expect([nowhere.code, nowhere.text]).toEqual([2, expect.stringContaining("is not there yet")])
  }),
)

const following = Effect.fnUntraced(function* (home: string, ...argv: ReadonlyArray<string>) {
  const told = yield* Queue.unbounded<string>()
  const stop = yield* Deferred.make<Signal>()
  const tell = (text: string) => text.split("\n").forEach((one) => one !== "" && Queue.offerUnsafe(told, one))
  const fiber = yield* Effect.forkChild(hub(home, ["-f", ...argv], tell, Deferred.await(stop)))
  return {
    next: Queue.take(told),
    left: Queue.size(told),
    end: Effect.andThen(Deferred.succeed(stop, "SIGINT"), Fiber.join(fiber)),
  }
})

live(
  "following begins with the newest lines, goes on with each new one, and ends with Ctrl-C",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* logs
    write(home, line("0") + line("1") + line("2"))
    const { end, left, next } = yield* following(home, "-n", "2", "--json")
    expect([yield* next, yield* next]).toEqual([line("1").trim(), line("2").trim()])
    write(home, line("3"))
    expect(yield* next).toBe(line("3").trim())
    // A line is told when it is whole.
    write(home, line("4").slice(0, 30))
    write(home, line("4").slice(30) + line("5"))
    expect([yield* next, yield* next]).toEqual([line("4").trim(), line("5").trim()])
    expect([yield* end, yield* left]).toEqual([130, 0])
  }),
)

live(
  "following loses nothing and tells nothing twice while files are turned over, even twice in between",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* logs
    write(home, line("0"))
    const { end, left, next } = yield* following(home, "-n", "1", "--json")
    expect(yield* next).toContain('"0"')
    write(home, line("1"))
    expect(yield* next).toContain('"1"')
    write(home, line("2"))
    turnOver(home)
    write(home, line("3"))
    turnOver(home)
    write(home, line("4"))
    for (const n of ["2", "3", "4"]) expect(yield* next).toContain(`"${n}"`)
    write(home, line("5"))
    expect(yield* next).toContain('"5"')
    expect([yield* end, yield* left]).toEqual([130, 0])
  }),
)

live(
  "a file that is just being turned over, and the next one that is not there yet, hide no line and repeat none",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* logs
    write(home, line("0"), ".3")
    write(home, line("1") + line("2"), ".1")
    expect(yield* messages(home)).toEqual(["0", "1", "2"])
    const { end, left, next } = yield* following(home, "-n", "1", "--json")
    expect(yield* next).toContain('"2"')
    write(home, line("3"))
    expect(yield* next).toContain('"3"')
    expect([yield* end, yield* left]).toEqual([130, 0])
  }),
)

live(
  "following waits for the first log of a home",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    const { end, next } = yield* following(home)
    while (!fs.existsSync(join(home, "logs"))) yield* Effect.yieldNow
    expect(fs.statSync(join(home, "logs")).mode & 0o777).toBe(0o700)
    write(home, line("first"))
    expect(yield* next).toContain("first")
    expect(yield* end).toBe(130)
  }),
)

live(
  "what the hub logs is read as it was meant",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    const log = Log.file.pipe(
      Layer.provideMerge(Log.atLeast("info", "info")),
      Layer.provide(SecretsLive.layer),
      Layer.provide(HomeLive.layer(home)),
    )
    const filler = Array.from({ length: 15 }, () => "x".repeat(3_990))
    yield* Effect.gen(function* () {
      for (let n = 0; n < 200; n++) yield* Effect.logInfo(`line ${n}`, filler)
      yield* Effect.logWarning("it is late").pipe(
        about({ component: "dispatch", run: "r-1", attempt: 2, client: "hub 1.2" }),
      )
    }).pipe(Effect.provide(log))
    expect(fs.readdirSync(join(home, "logs")).sort()).toEqual(["hub.log", "hub.log.1", "hub.log.2"])
    expect((yield* said(home, "--level", "warn")).text).toMatch(
      /^[\d-]+ [\d:.]+ warn {2}dispatch {2}it is late {2}run=r-1 attempt=2 client="hub 1\.2"\n$/,
    )
    const all = yield* messages(home, "-n", "1000")
    expect(all).toEqual([...Array.from({ length: 200 }, (_, n) => `line ${n}`), "it is late"])
  }),
)

test("a line for a person has its colours and none of anybody else", () => {
  const paint = (role: string, text: string) => `<${role}>${text}</>`
  const time = new Date(1970, 0, 1).toISOString() // Wherever this machine stands.
  const more = { time, level: "error", cause: "Error: x\n    at y", key: "a b", n: [1] }
  const raw = line("two\nlines\u001b[2J", more)
  expect(shown(parse(raw), { paint })).toBe(
    [
      "<dim>1970-01-01 00:00:00.000</> <error>error</> dispatch  two",
      '    lines  <dim>key="a b" n=[1]</>',
      "    Error: x",
      "        at y",
    ].join("\n"),
  )
})

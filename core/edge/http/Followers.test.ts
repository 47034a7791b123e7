import { expect } from "bun:test"
import { connect, type Socket } from "node:net"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { type EventDraft, Events } from "../../services/Events.ts"
import { Tokens } from "../../services/Tokens.ts"
import { effect, live } from "../../testing/effect.ts"
import { Following, ground, serving } from "../fixtures/http.ts"

const follow = (url: string, headers: Record<string, string> = {}) =>
  Effect.promise(async () => new Following(await fetch(url, { headers })))
const until = (following: Following, isSo: () => boolean) => Effect.promise(() => following.until(isSo))
const end = (following: Following) => Effect.promise(following.end)
const ids = ({ events }: Following) => events.flatMap(({ id }) => (id === undefined ? [] : [Number(id)]))
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, at) => first + at)

const said = (text: string): EventDraft => ({ type: "agent_message", step: "write", data: { text } })
const many = (count: number, text = "hello") => Array.from({ length: count }, () => said(text))
const ending: EventDraft = { type: "run_succeeded", data: { answered_by: "write" } }

live(
  "what is stored comes first, then what is new, then the end with the state of the run",
  ground,
  Effect.gen(function* () {
    const events = yield* Events
    const { url } = yield* serving()
    yield* events.append("r1", many(3))
    const following = yield* follow(`${url}/api/runs/r1/events`)
    yield* until(following, () => following.events.length === 3)
    expect(following.events[0]).toMatchObject({
      id: "1",
      event: "agent_message",
      data: { run_id: "r1", seq: 1, type: "agent_message", step: "write", data: { text: "hello" } },
    })
    yield* events.append("r1", [said("new")])
    yield* until(following, () => following.events.length === 4)
    yield* events.append("r1", [ending])
    yield* end(following)
    expect(ids(following)).toEqual(upTo(5))
    expect(following.events.at(-1)).toEqual({ event: "end", data: { state: "succeeded", last_seq: 5 } })
  }),
)

live(
  "whoever comes again goes on after the last event that was seen, without loss or repetition",
  ground,
  Effect.gen(function* () {
    const events = yield* Events
    const { url } = yield* serving()
    yield* events.append("r1", many(1_200))
    const seen: Array<number> = []
    for (let round = 0; seen.at(-1) !== 2_001; round++) {
      const following = yield* follow(`${url}/api/runs/r1/events`, {
        "last-event-id": String(seen.at(-1) ?? 0),
      })
      // No more than there is to come: nothing is added while it is waited for.
      const left = (round <= 8 ? 1_200 + round * 100 : 2_001) - (seen.at(-1) ?? 0)
      const stop = 1 + Math.floor(Math.random() * Math.min(300, left))
      yield* until(following, () => following.events.length >= stop)
      yield* Effect.promise(following.leave)
      seen.push(...ids(following).slice(0, stop))
      if (round < 8) yield* events.append("r1", many(100))
      if (round === 8) yield* events.append("r1", [ending])
    }
    expect(seen).toEqual(upTo(2_001))
  }),
)

live(
  "the place may be told in the address, the type of events too",
  ground,
  Effect.gen(function* () {
    const events = yield* Events
    const { url } = yield* serving()
    yield* events.append("r1", [...many(4), { type: "output" }, { type: "output" }, ending])
    const after = yield* follow(`${url}/api/runs/r1/events?after=5`)
    expect(ids(yield* end(after))).toEqual([6, 7])
    const newer = yield* follow(`${url}/api/runs/r1/events?after=1`, { "last-event-id": "6" })
    expect(ids(yield* end(newer))).toEqual([7])
    const some = yield* follow(`${url}/api/runs/r1/events?types=output,run_succeeded`)
    expect(ids(yield* end(some))).toEqual([5, 6, 7])
    expect(some.events.at(-1)?.event).toBe("end")
    const over = yield* follow(`${url}/api/runs/r1/events?after=99`)
    expect(yield* end(over)).toMatchObject({ events: [{ event: "end" }] })
    const wrong = yield* Effect.promise(() => fetch(`${url}/api/runs/r1/events?after=-1`))
    expect(wrong.status).toBe(400)
  }),
)

live(
  "a run that is not there is 404, and a head is asked for without a stream",
  ground,
  Effect.gen(function* () {
    const events = yield* Events
    const { stats, url } = yield* serving()
    expect((yield* Effect.promise(() => fetch(`${url}/api/runs/none/events`))).status).toBe(404)
    yield* events.append("r1", many(1))
    const head = yield* Effect.promise(() => fetch(`${url}/api/runs/r1/events`, { method: "HEAD" }))
    expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream"])
    expect((yield* stats).streams).toBe(0)
  }),
)

live(
  "a line break in a type does not make an event of its own",
  ground,
  Effect.gen(function* () {
    const events = yield* Events
    const { url } = yield* serving()
    yield* events.append("r1", [{ type: "a\nevent: end\ndata: {}\n\n" }, said("two\nlines\n\n"), ending])
    const following = yield* end(yield* follow(`${url}/api/runs/r1/events`))
    expect(following.events.map(({ event }) => event)).toEqual([
      "a event: end data: {}  ",
      "agent_message",
      "run_succeeded",
      "end",
    ])
  }),
)

live(
  "many who follow one run, from different places, all get all of it",
  ground,
  Effect.gen(function* () {
    const events = yield* Events
    const { stats, url } = yield* serving()
    yield* events.append("r1", many(1_500))
    const followers = yield* Effect.forEach(upTo(60), (n) =>
      Effect.map(follow(`${url}/api/runs/r1/events?after=${(n % 6) * 290}`), (following) => ({
        n,
        following,
      })),
    )
    expect((yield* stats).streams).toBe(60)
    const reading = followers.map(({ following }) => following.end())
    for (const _ of upTo(40)) yield* events.append("r1", many(25))
    yield* events.append("r1", [ending])
    yield* Effect.promise(() => Promise.all(reading))
    for (const { following, n } of followers) expect(ids(following)).toEqual(upTo(2_501, (n % 6) * 290 + 1))
    expect((yield* stats).streams).toBe(0)
  }),
)

/** Followers over plain sockets: `fetch` opens no more than 256. */
const open = (url: string, token: string) => {
  const sockets: Array<Socket> = []
  const one = () =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(url).port), "127.0.0.1")
      sockets.push(socket)
      socket.once("data", (piece) => resolve(String(piece).split("\r\n")[0]!))
      socket.write(
        `GET /api/runs/r1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      )
    })
  return {
    more: (count: number) => Promise.all(Array.from({ length: count }, one)),
    end: () => sockets.forEach((socket) => socket.destroy()),
  }
}

live(
  "one token may follow no more than so much",
  ground,
  Effect.gen(function* () {
    const events = yield* Events
    const tokens = yield* Tokens
    const { stats, url } = yield* serving({ settings: { open: false } })
    yield* events.append("r1", many(1))
    const [one, two] = yield* Effect.forEach(["one", "two"], (name) =>
      Effect.map(tokens.create({ name, scopes: ["read"] }), ({ text }) => text),
    )
    const [mine, other] = [open(url, one!), open(url, two!)]
    yield* Effect.acquireRelease(Effect.void, () =>
      Effect.sync(() => [mine, other].forEach(({ end }) => end())),
    )
    for (const _ of upTo(10))
      expect(new Set(yield* Effect.promise(() => mine.more(100)))).toEqual(new Set(["HTTP/1.1 200 OK"]))
    expect((yield* stats).streams).toBe(1_000)
    expect(yield* Effect.promise(() => mine.more(1))).toEqual(["HTTP/1.1 429 Too Many Requests"])
    expect(yield* Effect.promise(() => other.more(1))).toEqual(["HTTP/1.1 200 OK"])
  }),
  60_000,
)

live(
  "all runs are followed from now on, each event under its run",
  ground,
  Effect.gen(function* () {
    const events = yield* Events
    const { url } = yield* serving()
    yield* events.append("r1", many(2))
    const following = yield* follow(`${url}/api/events?types=agent_message`)
    // The subscription is there once something arrives by it.
    const first = yield* Effect.forkChild(until(following, () => following.events.length > 0))
    yield* Effect.raceFirst(
      Fiber.join(first),
      Effect.forever(Effect.andThen(events.append("r0", many(1)), Effect.sleep("5 millis"))),
    )
    following.events.length = 0
    yield* events.append("r1", [said("a"), ending])
    yield* events.append("r2", [said("b")])
    const named = () => following.events.map(({ data }) => data as { run_id: string; data: { text: string } })
    yield* until(following, () => named().some(({ run_id }) => run_id === "r2"))
    expect(following.events.every(({ id }) => id === undefined)).toBe(true)
    expect(
      named()
        .filter(({ run_id }) => run_id !== "r0")
        .map(({ data, run_id }) => [run_id, data.text]),
    ).toEqual([
      ["r1", "a"],
      ["r2", "b"],
    ])
    yield* Effect.promise(following.leave)
  }),
)

live(
  "a hub that ends closes the streams, and whoever comes to the next one goes on",
  ground,
  Effect.gen(function* () {
    const events = yield* Events
    yield* events.append("r1", many(3))
    const scope = yield* Scope.make()
    const first = yield* Scope.provide(serving(), scope)
    const before = yield* follow(`${first.url}/api/runs/r1/events`)
    yield* until(before, () => before.events.length === 3)
    yield* Scope.close(scope, Exit.void)
    yield* end(before)
    expect(ids(before)).toEqual(upTo(3))
    yield* events.append("r1", [ending])
    const second = yield* serving()
    const after = yield* follow(`${second.url}/api/runs/r1/events`, { "last-event-id": "3" })
    expect(ids(yield* end(after))).toEqual([4])
  }),
)

/** Under the test clock. */
const timed = (
  name: string,
  body: Effect.Effect<void, unknown, Events | Tokens | Scope.Scope>,
  timeout?: number,
) => effect(name, Effect.provide(body, ground), timeout)

timed(
  "a stream without events says every 15 seconds that it is still there",
  Effect.gen(function* () {
    const events = yield* Events
    const { url } = yield* serving()
    yield* events.append("r1", many(1))
    const following = yield* follow(`${url}/api/runs/r1/events`)
    yield* until(following, () => following.events.length === 1)
    for (const count of [1, 2, 3, 4]) {
      yield* TestClock.adjust("15 seconds")
      yield* until(following, () => following.comments >= count)
    }
    expect(following.isOver).toBe(false)
    yield* events.append("r1", [ending])
    expect(ids(yield* end(following))).toEqual([1, 2])
  }),
)

timed(
  "who takes nothing for 30 seconds is cut off, and holds nothing any more",
  Effect.gen(function* () {
    const events = yield* Events
    const { stats, url } = yield* serving()
    yield* events.append("r1", many(1))
    const slow = connect(Number(new URL(url).port), "127.0.0.1")
    const closed = new Promise<string>((resolve) => slow.once("close", () => resolve("closed")))
    slow.on("error", () => undefined)
    slow.write("GET /api/runs/r1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    yield* Effect.promise(() => new Promise((resolve) => slow.once("data", resolve)))
    slow.pause()
    for (const _ of upTo(20)) yield* events.append("r1", many(200, "x".repeat(3_900)))
    const streams = Effect.map(stats, ({ streams }) => streams)
    while ((yield* streams) > 0) {
      yield* TestClock.adjust("15 seconds")
      // Bun closes a connection at its own pace.
      yield* Effect.promise(() => Bun.sleep(100))
    }
    slow.resume()
    expect(yield* Effect.promise(() => closed)).toBe("closed")
  }),
  60_000,
)

// Under the test clock too: on a busy machine it takes nothing for so long that it would be cut off.
timed(
  "who takes nothing holds nothing up and loses nothing: all of it is there when it reads again",
  Effect.gen(function* () {
    const events = yield* Events
    const { url } = yield* serving()
    const text = "x".repeat(3_900)
    yield* events.append("r1", many(1))
    const slow = connect(Number(new URL(url).port), "127.0.0.1")
    slow.write("GET /api/runs/r1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    yield* Effect.promise(() => new Promise((resolve) => slow.once("data", resolve)))
    slow.pause()
    const quick = yield* follow(`${url}/api/runs/r1/events`)
    // More than the sockets' own buffers hold.
    for (const _ of upTo(30)) yield* events.append("r1", many(200, text))
    yield* events.append("r1", [ending])
    expect(ids(yield* end(quick))).toEqual(upTo(6_002))
    const got: Array<string> = []
    yield* Effect.promise(
      () =>
        new Promise<void>((resolve) => {
          slow.on("data", (piece) => {
            got.push(String(piece))
            if (got.slice(-2).join("").includes("event: end")) resolve()
          })
          slow.resume()
        }),
    )
    slow.destroy()
    const seen = [...got.join("").matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
    expect(seen.at(-1)).toBe(6_002)
    expect(seen).toEqual(upTo(6_002, seen[0]))
  }),
  60_000,
)

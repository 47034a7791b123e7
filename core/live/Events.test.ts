import { expect } from "bun:test"
import * as fs from "node:fs"
import { Clock, Deferred, Effect, Fiber, Layer, type Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { Events, type RunEvent } from "../services/Events.ts"
import { Sql } from "../services/Sql.ts"
import { effect, live, tempHome } from "../testing/effect.ts"
import * as Database from "./Database.ts"
import * as EventsLive from "./Events.ts"
import * as Home from "./Home.ts"
import * as Secrets from "./Secrets.ts"

const storeAt = (folder: string) =>
  EventsLive.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(Database.layer, Secrets.layer)),
    Layer.provide(Home.layer(folder)),
  )

const store = Layer.unwrap(Effect.map(tempHome, storeAt))

const seqs = (events: ReadonlyArray<RunEvent>) => events.map(({ seq }) => seq)
const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1)

/** Runs the body for many generated values, each with a home of its own. */
const forAll = <A, E>(
  arbitrary: fc.Arbitrary<A>,
  body: (value: A, folder: string) => Effect.Effect<void, E, Scope.Scope>,
  runs: number,
) =>
  Effect.promise(() =>
    fc.assert(
      fc.asyncProperty(arbitrary, (value) =>
        Effect.runPromise(Effect.scoped(Effect.flatMap(tempHome, (folder) => body(value, folder)))),
      ),
      { numRuns: runs },
    ),
  )

const run = fc.constantFrom("a", "b", "c")
const step = fc.oneof(
  fc.record({ do: fc.constant("append" as const), run, count: fc.nat(5) }),
  fc.record({ do: fc.constant("once" as const), run, key: fc.constantFrom("x", "y") }),
  fc.record({ do: fc.constant("clock" as const), to: fc.integer({ min: 0, max: 1_000_000 }) }),
  fc.record({ do: fc.constant("restart" as const) }),
)

effect(
  "numbers have no gap and times never fall, whatever comes between: restarts, other runs, clock jumps",
  forAll(
    fc.array(step, { maxLength: 40, size: "max" }),
    (steps, folder) =>
      Effect.gen(function* () {
        const told = new Map<string, Array<RunEvent>>([
          ["a", []],
          ["b", []],
          ["c", []],
        ])
        const used = new Set<string>()
        let rest = steps
        do {
          const until = rest.findIndex((next) => next.do === "restart")
          const part = until < 0 ? rest : rest.slice(0, until)
          rest = until < 0 ? [] : rest.slice(until + 1)
          yield* Effect.gen(function* () {
            const events = yield* Events
            for (const next of part) {
              if (next.do === "clock") yield* TestClock.setTime(next.to)
              if (next.do === "append") {
                const drafts = upTo(next.count).map((n) => ({ type: "line", attempt: n, data: { n } }))
                told.get(next.run)!.push(...(yield* events.append(next.run, drafts)))
              }
              if (next.do === "once") {
                const stored = yield* events.appendOnce(next.run, next.key, [
                  { type: "once" },
                  { type: "once" },
                ])
                expect(stored).toHaveLength(used.has(next.run + next.key) ? 0 : 2)
                used.add(next.run + next.key)
                told.get(next.run)!.push(...stored)
              }
            }
          }).pipe(Effect.provide(storeAt(folder)))
        } while (rest.length > 0)
        const read = yield* Effect.gen(function* () {
          const events = yield* Events
          return yield* Effect.forEach(told, ([id]) => events.read(id, 0, 10_000))
        }).pipe(Effect.provide(storeAt(folder)))
        for (const [index, known] of [...told.values()].entries()) {
          expect(read[index]!).toEqual(known)
          expect(seqs(known)).toEqual(upTo(known.length))
          expect(known.map(({ at }) => at)).toEqual(known.map(({ at }) => at).sort((a, b) => a - b))
        }
      }).pipe(Effect.provide(TestClock.layer())),
    60,
  ),
  120_000,
)

effect(
  "followers that come at any time see each event once, in order, while others write",
  forAll(
    fc.record({
      writers: fc.array(fc.array(fc.tuple(run, fc.integer({ min: 1, max: 4 })), { maxLength: 8 }), {
        minLength: 1,
        maxLength: 4,
      }),
      followers: fc.array(fc.record({ run, after: fc.nat(6), pauses: fc.nat(12) }), {
        minLength: 1,
        maxLength: 6,
      }),
    }),
    ({ followers, writers }, folder) =>
      Effect.gen(function* () {
        const events = yield* Events
        const total = new Map<string, number>()
        for (const [id, count] of writers.flat()) total.set(id, (total.get(id) ?? 0) + count)
        const write = (work: ReadonlyArray<readonly [string, number]>) =>
          Effect.forEach(work, ([id, count]) =>
            Effect.andThen(
              Effect.yieldNow,
              events.append(
                id,
                upTo(count).map(() => ({ type: "line" })),
              ),
            ),
          )
        const follow = ({ after, pauses, run: id }: { run: string; after: number; pauses: number }) =>
          Effect.gen(function* () {
            for (let n = 0; n < pauses; n++) yield* Effect.yieldNow
            const expected = upTo(total.get(id) ?? 0).filter((seq) => seq > after)
            const seen = yield* Stream.runCollect(Stream.take(events.follow(id, after), expected.length))
            expect(seqs(seen)).toEqual(expected)
          })
        yield* Effect.all([...followers.map(follow), ...writers.map(write)], { concurrency: "unbounded" })
      }).pipe(Effect.provide(storeAt(folder))),
    60,
  ),
  120_000,
)

live(
  "a follower waits for news of its run, and goes on after more than one page",
  store,
  Effect.gen(function* () {
    const events = yield* Events
    yield* events.append(
      "r",
      upTo(2_500).map(() => ({ type: "line" })),
    )
    const fiber = yield* Effect.forkChild(Stream.runCollect(Stream.take(events.follow("r", 1), 2_500)))
    yield* events.append("other", [{ type: "line" }])
    yield* Effect.yieldNow
    yield* events.append("r", [{ type: "line" }])
    expect(seqs(yield* Fiber.join(fiber))).toEqual(upTo(2_501).slice(1))
  }),
)

live(
  "the live stream gives the new events of all runs in order",
  store,
  Effect.gen(function* () {
    const events = yield* Events
    yield* events.append("a", [{ type: "before" }])
    const fiber = yield* Effect.forkChild(Stream.runCollect(Stream.take(events.live, 40)), {
      startImmediately: true,
    })
    yield* Effect.forEach(
      upTo(20),
      (n) => events.append(n % 2 === 0 ? "a" : "b", [{ type: "x" }, { type: "x" }]),
      {
        concurrency: "unbounded",
      },
    )
    const seen = yield* Fiber.join(fiber)
    expect(seqs(seen.filter((event) => event.run_id === "a"))).toEqual(upTo(21).slice(1))
    expect(seqs(seen.filter((event) => event.run_id === "b"))).toEqual(upTo(20))
  }),
)

effect(
  "a clock that jumps back does not turn the order of times around",
  Effect.gen(function* () {
    const events = yield* Events
    yield* TestClock.setTime(5_000)
    yield* events.append("r", [{ type: "x" }])
    yield* TestClock.setTime(1_000)
    expect(yield* Clock.currentTimeMillis).toBe(1_000)
    yield* events.append("r", [{ type: "x" }])
    yield* TestClock.setTime(6_000)
    yield* events.append("r", [{ type: "x" }])
    expect((yield* events.read("r", 0)).map(({ at }) => at)).toEqual([5_000, 5_000, 6_000])
  }).pipe(Effect.provide(store)),
)

live(
  "what is read is what append gave, also with odd characters in every field",
  store,
  Effect.gen(function* () {
    const events = yield* Events
    const odd = "NUL \0, half a pair \ud83d, a pair 😀, \u2028, \u001b[31m"
    const stored = yield* events.append("r", [
      { type: odd, step: odd, attempt: 3, data: { [odd]: odd, list: [odd, 1, null, true] } },
      { type: "plain" },
    ])
    expect(stored[0]!.data[odd]).toBe(odd)
    expect(yield* events.read("r", 0)).toEqual(stored)
  }),
)

live(
  "a huge event is stored within 16 KB, and a secret in it is not",
  store,
  Effect.gen(function* () {
    const events = yield* Events
    const sql = yield* Sql
    const key = `sk-ant-${"a1B2".repeat(10)}`
    const [event] = yield* events.append("r", [
      {
        type: `t ${key}`,
        step: `s ${key}`,
        data: { [key]: key, deep: { text: `${"😀".repeat(100_000)}`, many: upTo(50_000) } },
      },
    ])
    expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(16 * 1024)
    expect(JSON.stringify(event)).toContain("more characters]")
    const [row] = yield* sql.all("select * from events")
    expect(JSON.stringify(row)).not.toContain("a1B2a1B2")
    expect(JSON.stringify(event)).not.toContain("a1B2a1B2")
  }),
)

live(
  "a failing disk fails the append, and its number is given again",
  store,
  Effect.gen(function* () {
    const events = yield* Events
    const sql = yield* Sql
    yield* events.append("r", [{ type: "x" }])
    const [count] = yield* sql.all<{ page_count: number }>("pragma page_count")
    yield* sql.all(`pragma max_page_count = ${count!.page_count}`)
    const drafts = upTo(20).map(() => ({ type: "x", data: { text: "x".repeat(3_000) } }))
    expect((yield* Effect.flip(events.append("r", drafts))).reason).toBe("full")
    yield* sql.all("pragma max_page_count = 1000000")
    expect(seqs(yield* events.append("r", drafts))).toEqual(upTo(21).slice(1))
  }),
)

effect(
  "the canary: a secret that was asked for is in no file of the home but its own",
  Effect.gen(function* () {
    const folder = yield* tempHome
    fs.mkdirSync(`${folder}/secrets`)
    fs.writeFileSync(`${folder}/secrets/canary`, 'plain"canary\\value-of-42\n', { mode: 0o600 })
    yield* Effect.gen(function* () {
      const events = yield* Events
      yield* events.append("r", [
        { type: "x", data: { text: 'say plain"canary\\value-of-42 twice plain"canary\\value-of-42' } },
      ])
      expect((yield* events.read("r", 0))[0]!.data).toEqual({ text: "say [redacted] twice [redacted]" })
    }).pipe(Effect.provide(storeAt(folder)))
    expect(fs.readFileSync(`${folder}/hub.db`).includes("value-of-42")).toBe(false)
  }),
)

/** Kills the writer after it has told of `rounds` appends; gives the last number it told. */
const killedWriter = (folder: string, appends: number) =>
  Effect.promise(async () => {
    const child = Bun.spawn([process.execPath, `${import.meta.dir}/fixtures/write.ts`, folder], {
      stdout: "pipe",
    })
    let told = ""
    try {
      for await (const piece of child.stdout) {
        told += new TextDecoder().decode(piece)
        if (told.split("\n").length > appends) break
      }
    } finally {
      child.kill("SIGKILL")
    }
    await child.exited
    return Number(told.split("\n").at(-2))
  })

effect(
  "after each kill -9 of a writer, what it told of is there, and the numbers have no gap",
  Effect.gen(function* () {
    const folder = yield* tempHome
    for (const appends of [1, 50, 200]) {
      const told = yield* killedWriter(folder, appends)
      const events = yield* Effect.provide(
        Effect.flatMap(Events, ({ read }) => read("r", 0, 10_000_000)),
        storeAt(folder),
      )
      expect(told).toBeGreaterThan(0)
      expect(events.length).toBeGreaterThanOrEqual(told)
      expect(seqs(events)).toEqual(upTo(events.length))
      expect(events.map(({ type }) => type).join("")).toBe("abc".repeat(events.length / 3))
    }
  }),
)

live(
  "a follower of all runs that falls behind loses the oldest, and holds nobody up",
  store,
  Effect.gen(function* () {
    const events = yield* Events
    const go = yield* Deferred.make<void>()
    const seen: Array<number> = []
    const fiber = yield* events.live.pipe(
      Stream.tap(() => Deferred.await(go)),
      Stream.takeUntil(({ seq }) => seq === 15_001),
      Stream.runForEach(({ seq }) => Effect.sync(() => seen.push(seq))),
      Effect.forkChild({ startImmediately: true }),
    )
    yield* events.append("r", [{ type: "x" }])
    yield* Effect.yieldNow
    for (let n = 0; n < 15; n++)
      yield* events.append(
        "r",
        upTo(1_000).map(() => ({ type: "x" })),
      )
    yield* Deferred.succeed(go, undefined)
    yield* Fiber.join(fiber)
    expect(seen.at(-1)).toBe(15_001)
    expect(seen.length).toBeLessThanOrEqual(10_001)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
  }),
)

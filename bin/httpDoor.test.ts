import { expect } from "bun:test"
import { Effect, Ref, Stream, SubscriptionRef } from "effect"
import * as Settings from "../core/host/Settings.ts"
import { effect } from "../core/testing/effect.ts"
import { follow, type Open, over } from "./httpDoor.ts"

const none = { http: false, open: false }

/** Notes which doors are open. Port 13 is taken. */
const recorded = Effect.gen(function* () {
  const openDoors = yield* Ref.make<ReadonlyArray<number>>([])
  const open: Open = ({ port }) =>
    port === 13
      ? Effect.fail({ message: "port 13 is taken" })
      : Effect.acquireRelease(
          Effect.as(
            Ref.update(openDoors, (all) => [...all, port]),
            { url: `http://127.0.0.1:${port}` },
          ),
          () => Ref.update(openDoors, (all) => all.filter((one) => one !== port)),
        )
  return { open, openDoors }
})

effect(
  "opens, moves and closes as the settings say, and tells what is in the way",
  Effect.gen(function* () {
    const { open, openDoors } = yield* recorded
    const settings = yield* SubscriptionRef.make(Settings.serve)
    const { state } = yield* follow(SubscriptionRef.changes(settings), open)
    expect([yield* state, yield* Ref.get(openDoors)]).toEqual([undefined, []])
    const set = (change: Partial<Settings.Serve>) =>
      Effect.andThen(
        SubscriptionRef.update(settings, (now) => ({ ...now, ...change })),
        Effect.yieldNow,
      )
    yield* set({ http: true })
    expect([yield* state, yield* Ref.get(openDoors)]).toEqual([
      { url: "http://127.0.0.1:3180", access: "tokens" },
      [3180],
    ])
    yield* set({ port: 13 })
    expect([yield* state, yield* Ref.get(openDoors)]).toEqual([{ problem: "port 13 is taken" }, []])
    yield* set({ port: 4000, open: true })
    expect([yield* state, yield* Ref.get(openDoors)]).toEqual([
      { url: "http://127.0.0.1:4000", access: "open" },
      [4000],
    ])
    yield* set({ http: false })
    expect([yield* state, yield* Ref.get(openDoors)]).toEqual([undefined, []])
  }),
)

effect(
  "a file that says the same leaves the door alone",
  Effect.gen(function* () {
    const opened = yield* Ref.make(0)
    const settings = { ...Settings.serve, http: true }
    const opening = () =>
      Effect.as(
        Ref.update(opened, (times) => times + 1),
        { url: "" },
      )
    yield* follow(Stream.make(settings, { ...settings }, { ...settings }), opening)
    yield* Effect.yieldNow
    expect(yield* Ref.get(opened)).toBe(1)
  }),
)

effect(
  "the command line wins over the file; an address or a port asks for the door",
  Effect.sync(() => {
    expect(over(none, Settings.serve)).toEqual(Settings.serve)
    expect(over({ ...none, port: 0 }, Settings.serve)).toMatchObject({ http: true, port: 0 })
    expect(over({ ...none, open: true }, { ...Settings.serve, host: "::1" })).toMatchObject({
      http: true,
      open: true,
      host: "::1",
    })
  }),
)

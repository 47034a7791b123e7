import { afterEach, describe, expect, test } from "bun:test"
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js"
import { Effect, PubSub, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { ResourceHandle } from "../../plugin/Catalogue.ts"
import { OperationFailed } from "../../plugin/Operation.ts"
import { effect } from "../../testing/effect.ts"
import { catalogueOf, closeAll, hubOf, oldClient, rawClient } from "../fixtures/linked.ts"
import { make, mostFollowed } from "./Subscriptions.ts"

afterEach(closeAll)

const caller = { door: "mcp", client: "test" } as const

/** Notes that change when they are told to. `open` says how many follow. */
const notes = () => {
  const changed = Effect.runSync(PubSub.unbounded<string>())
  const followers = { open: 0 }
  const waiting: Array<() => void> = []
  const moved = (by: number) => {
    followers.open += by
    for (const wake of waiting.splice(0)) wake()
  }
  const resource: ResourceHandle = {
    plugin: "fixture",
    summary: "",
    uri: "notes://{id}",
    name: "notes",
    title: undefined,
    mime: "text/plain",
    read: ({ id }) =>
      id === "gone"
        ? Effect.fail(new OperationFailed({ code: "not_found", message: "There is no note gone." }))
        : Effect.succeed(`note ${id}`),
    changes: ({ id }) =>
      Stream.unwrap(
        Effect.map(
          Effect.acquireRelease(
            Effect.tap(PubSub.subscribe(changed), () => Effect.sync(() => moved(1))),
            () => Effect.sync(() => moved(-1)),
          ),
          Stream.fromSubscription,
        ),
      ).pipe(Stream.filter((one) => one === id)),
    complete: undefined,
  }
  const until = async (count: number) => {
    while (followers.open !== count) await new Promise<void>((wake) => waiting.push(wake))
  }
  return {
    catalogue: catalogueOf({ resources: [resource] }),
    change: (id: string) => Effect.runSync(PubSub.publish(changed, id)),
    until,
    open: () => followers.open,
  }
}

describe("up to 2025-11-25", () => {
  test("a client hears of what it subscribed to, until it unsubscribes", async () => {
    const all = notes()
    let hear: (uri: string) => void = () => {}
    const client = await oldClient(hubOf(all.catalogue), {}, (one) =>
      one.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => hear(params.uri)),
    )
    expect(client.getServerCapabilities()?.resources).toEqual({ subscribe: true, listChanged: true })
    await client.subscribeResource({ uri: "notes://1" })
    await client.subscribeResource({ uri: "notes://1" })
    await client.subscribeResource({ uri: "notes://2" })
    await all.until(2)
    const heard = new Promise<string>((resolve) => (hear = resolve))
    all.change("3")
    all.change("2")
    expect(await heard).toBe("notes://2")
    await client.unsubscribeResource({ uri: "notes://1" })
    await all.until(1)
    await client.close()
    await all.until(0)
  })

  test("what is not there, or may not be read, is refused", async () => {
    const all = notes()
    const client = await oldClient(hubOf(all.catalogue))
    await expect(client.subscribeResource({ uri: "other://1" })).rejects.toThrow("other://1")
    await expect(client.subscribeResource({ uri: "notes://gone" })).rejects.toThrow("There is no note gone.")
    await client.unsubscribeResource({ uri: "notes://never" })
    expect(all.open()).toBe(0)
  })
})

describe("2026-07-28", () => {
  test("subscriptions/listen follows the resources that it names, until it is cancelled", async () => {
    const all = notes()
    const client = await rawClient(hubOf(all.catalogue))
    const resourceSubscriptions = ["notes://1", "notes://1", "notes://2", "notes://gone", "other://1"]
    const { id } = client.begin("subscriptions/listen", { notifications: { resourceSubscriptions } })
    await all.until(2)
    all.change("1")
    const { params } = await client.heard(({ method }) => method === "notifications/resources/updated")
    expect(params).toMatchObject({
      uri: "notes://1",
      _meta: { "io.modelcontextprotocol/subscriptionId": id },
    })
    await client.send({ method: "notifications/cancelled", params: { requestId: id } })
    await all.until(0)
  })

  test("what is followed ends with the connection, and with a listen that is refused", async () => {
    const all = notes()
    const client = await rawClient(hubOf(all.catalogue))
    const refused = await client.ask("subscriptions/listen", {
      notifications: { resourceSubscriptions: ["notes://1"], toolsListChanged: "no" },
    })
    expect(refused.error?.code).toBe(-32602)
    client.begin("subscriptions/listen", { notifications: { resourceSubscriptions: ["notes://2"] } })
    await all.until(1)
    await client.close()
    await all.until(0)
    await client.ended
  })
})

effect(
  "many changes at once are told ten times a second at most, and the last is not lost",
  Effect.gen(function* () {
    const all = notes()
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    let told = 0
    const followed = make({ catalogue: Effect.succeed(all.catalogue), fork, tell: () => told++ })
    yield* followed.add("notes://1", caller)
    yield* Effect.promise(() => all.until(1))
    for (let second = 0; second < 10; second++) {
      for (let i = 0; i < 100; i++) all.change("1")
      yield* TestClock.adjust("100 millis")
    }
    yield* TestClock.adjust("1 second")
    expect(told).toBeGreaterThan(1)
    expect(told).toBeLessThanOrEqual(12)
    const before = told
    all.change("1")
    yield* TestClock.adjust("1 second")
    expect(told).toBe(before + 1)
    followed.close()
    yield* Effect.promise(() => all.until(0))
  }),
)

effect(
  "a resource is followed once for all who ask, and there is a limit",
  Effect.gen(function* () {
    const all = notes()
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    const followed = make({ catalogue: Effect.succeed(all.catalogue), fork, tell: () => {} })
    const leave = yield* followed.add("notes://0", caller)
    const again = followed.hold("notes://0", caller)
    for (let i = 1; i < mostFollowed; i++) yield* followed.add(`notes://${i}`, caller)
    yield* Effect.promise(() => all.until(mostFollowed))
    const error = yield* Effect.flip(followed.add("notes://more", caller))
    expect(error.message).toContain("1000 resources are followed already")
    leave()
    leave()
    yield* followed.add("notes://0", caller)
    again()
    yield* Effect.yieldNow
    expect(all.open()).toBe(mostFollowed)
    followed.close()
    yield* Effect.promise(() => all.until(0))
  }),
)

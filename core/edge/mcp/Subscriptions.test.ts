import { afterEach, describe, expect, test } from "bun:test"
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js"
import { Effect, PubSub, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { ResourceHandle } from "../../plugin/Catalogue.ts"
import { OperationFailed } from "../../plugin/Operation.ts"
import type { Variables } from "../../plugin/Resource.ts"
import { effect } from "../../testing/effect.ts"
import { catalogueOf, closeAll, hubOf, oldClient, rawClient } from "../fixtures/linked.ts"
import { make, mostFollowed } from "./Subscriptions.ts"

afterEach(closeAll)

const caller = { door: "mcp", client: "test" } as const

/** Notes that change when they are told to. `open` says how many follow; one is read once `ready`. */
const notes = (ready = Promise.resolve()) => {
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
        : Effect.as(
            Effect.promise(() => ready),
            `note ${id}`,
          ),
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

  test("a change right after the answer is told, also where the source is taken up in a fiber of its own", async () => {
    const all = notes()
    const resources = all.catalogue.resources.map(({ changes, ...one }) => ({
      ...one,
      changes: (variables: Variables) =>
        Stream.callback((queue) =>
          Stream.runForEach(changes?.(variables) ?? Stream.empty, (change) => Queue.offer(queue, change)),
        ),
    }))
    const told = Promise.withResolvers<string>()
    const client = await oldClient(hubOf(catalogueOf({ resources })), {}, (one) =>
      one.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => told.resolve(params.uri)),
    )
    await client.subscribeResource({ uri: "notes://1" })
    all.change("1")
    expect(await told.promise).toBe("notes://1")
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

  test("a subscription is acknowledged when its resources are followed, and not before", async () => {
    const { promise: ready, resolve: be } = Promise.withResolvers<void>()
    const all = notes(ready)
    const client = await rawClient(hubOf(all.catalogue))
    client.begin("subscriptions/listen", { notifications: { resourceSubscriptions: ["notes://1"] } })
    await client.ask("tools/list")
    expect(client.told).toEqual([])
    be()
    await client.heard(({ method }) => method === "notifications/subscriptions/acknowledged")
    all.change("1")
    await client.heard(({ method }) => method === "notifications/resources/updated")
  })

  test("a listen that is cancelled before it is acknowledged follows nothing and is told nothing", async () => {
    const { promise: ready, resolve: be } = Promise.withResolvers<void>()
    const all = notes(ready)
    const client = await rawClient(hubOf(all.catalogue))
    const cancelled = client.begin("subscriptions/listen", {
      notifications: { resourceSubscriptions: ["notes://1"] },
    })
    await client.send({ method: "notifications/cancelled", params: { requestId: cancelled.id } })
    const other = client.begin("subscriptions/listen", {
      notifications: { resourceSubscriptions: ["notes://2"] },
    })
    be()
    const { params } = await client.heard(
      ({ method }) => method === "notifications/subscriptions/acknowledged",
    )
    expect(params._meta).toEqual({ "io.modelcontextprotocol/subscriptionId": other.id })
    expect(all.open()).toBe(1)
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

describe("a plugin that is started again", () => {
  test("is followed on, and its subscriber is told once that it changed", async () => {
    const [before, after] = [notes(), notes()]
    const hub = hubOf(before.catalogue)
    const told: Array<string> = []
    let hear = (): void => {}
    const client = await oldClient(hub, {}, (one) =>
      one.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
        told.push(params.uri)
        hear()
      }),
    )
    const next = () => new Promise<void>((resolve) => (hear = resolve))
    await client.subscribeResource({ uri: "notes://1" })
    const replaced = next()
    hub.change(catalogueOf({}))
    await before.until(0)
    hub.change(after.catalogue)
    await replaced
    expect(after.open()).toBe(1)
    const changed = next()
    after.change("1")
    await changed
    expect(told).toEqual(["notes://1", "notes://1"])
    await client.unsubscribeResource({ uri: "notes://1" })
    expect(after.open()).toBe(0)
  })

  test("is waited for while it starts, as after a restart of the hub", async () => {
    const all = notes()
    const hub = hubOf(catalogueOf({ plugins: [{ state: "starting" } as never] }))
    const client = await oldClient(hub)
    const subscribed = client.subscribeResource({ uri: "notes://1" })
    await client.listResources()
    hub.change(all.catalogue)
    await subscribed
    expect(all.open()).toBe(1)
  })

  test("is followed on by subscriptions/listen", async () => {
    const [before, after] = [notes(), notes()]
    const hub = hubOf(before.catalogue)
    const client = await rawClient(hub)
    client.begin("subscriptions/listen", { notifications: { resourceSubscriptions: ["notes://1"] } })
    await client.heard(({ method }) => method === "notifications/subscriptions/acknowledged")
    hub.change(after.catalogue)
    await client.heard(({ method }) => method === "notifications/resources/updated")
    expect([before.open(), after.open()]).toEqual([0, 1])
  })
})

effect(
  "many changes at once are told ten times a second at most, and the last is not lost",
  Effect.gen(function* () {
    const all = notes()
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    let told = 0
    const followed = make({ hub: hubOf(all.catalogue).hub, fork, tell: () => told++ })
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
  "who gives up while a subscription begins follows nothing",
  Effect.gen(function* () {
    const all = notes()
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    const followed = make({ hub: hubOf(all.catalogue).hub, fork, tell: () => {} })
    const fiber = fork(followed.add("notes://1", caller))
    yield* Effect.promise(() => all.until(1))
    fiber.interruptUnsafe()
    yield* Effect.promise(() => all.until(0))
  }),
)

effect(
  "a resource is followed once for all who ask, and there is a limit",
  Effect.gen(function* () {
    const all = notes()
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    const followed = make({ hub: hubOf(all.catalogue).hub, fork, tell: () => {} })
    const leave = yield* followed.add("notes://0", caller)
    const { leave: again } = followed.hold("notes://0", caller)
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

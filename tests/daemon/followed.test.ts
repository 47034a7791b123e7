/** A client follows the resource of a plugin: what changes is told, whatever dies in between. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { ensureBuilt } from "../../bin/binary.ts"
import { type Home, makeHome, run, type Server, shim, until } from "../support/hub.ts"

const plugin = `
import { Effect, Schema, Stream, SubscriptionRef } from "effect"
import { Operation, Plugin, Resource } from "hub/plugin"

const operation = (name: string, run: Effect.Effect<unknown>) =>
  Operation.make({ name, summary: name, input: Schema.Struct({}), output: Schema.Struct({}), readonly: false, run: () => Effect.as(run, {}) })

export default Plugin.define({
  id: "tool-note",
  summary: "Keeps one note.",
  config: Schema.Struct({ text: Schema.optionalKey(Schema.String) }),
  setup: Effect.fn(function* () {
    const version = yield* SubscriptionRef.make(0)
    let dozes = false
    const read = (now) => {
      if (dozes) setImmediate(() => Bun.sleepSync(1000))
      dozes = false
      return String(now)
    }
    return {
      operations: [
        operation("note_change", SubscriptionRef.update(version, (now) => now + 1)),
        operation("note_doze", Effect.sync(() => void (dozes = true))),
        operation("note_die", Effect.sync(() => process.exit(1))),
      ],
      resources: [
        Resource.make({
          uri: "note://it",
          name: "note",
          summary: "The note.",
          mime: "text/plain",
          read: () => Effect.map(SubscriptionRef.get(version), read),
          // The version of now is no change.
          changes: () => Stream.drop(SubscriptionRef.changes(version), 1),
        }),
      ],
    }
  }),
})
`
const toml = (text: string): string =>
  `[plugin.note]\nuse = "./note.ts"\nisolation = "process"\n[plugin.note.config]\ntext = "${text}"\n`

let home: Home
let client: Server

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({ "hub/plugins.toml": toml("one"), "hub/note.ts": plugin })
  client = shim(home)
  await client.initialize()
  await subscribe()
}, 120_000)

afterAll(async () => {
  await client.close()
  home.remove()
})

const subscribe = async () =>
  expect((await client.request("resources/subscribe", { uri: "note://it" })).error).toBeUndefined()

const updates = (): number =>
  client.told.filter(({ method }) => method === "notifications/resources/updated").length

/** Each of these is told, and told once: more would be seen by the next. */
const toldAfter = async (what: string, happen: () => Promise<unknown>): Promise<void> => {
  const before = updates()
  await happen()
  await until(what, () => updates() > before)
  expect(updates()).toBe(before + 1)
}

const changed = () => toldAfter("the change", () => client.tool("note_change", {}))

test("a change right after the answer is told", changed)

test("a change that finds the plugin busy, as does the wish to follow it, is told", async () => {
  await client.request("resources/unsubscribe", { uri: "note://it" })
  // It stands still as soon as it was read: what comes then, it hears all at once.
  await client.tool("note_doze", {})
  await subscribe()
  await changed()
})

test("a plugin that dies is followed on once it is back", async () => {
  await toldAfter("the new process", () => client.tool("note_die", {}).catch(() => undefined))
  await changed()
})

test("a plugin that plugins.toml replaces is followed on", async () => {
  await toldAfter("the new instance", async () => home.write("hub/plugins.toml", toml("two")))
  await changed()
})

test("the next hub follows it on", async () => {
  await toldAfter("the next hub", async () => expect((await run(home, ["restart"])).code).toBe(0))
  await changed()
})

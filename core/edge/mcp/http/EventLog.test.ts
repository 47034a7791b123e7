import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { EventLog, mostBytes, mostEvents } from "./EventLog.ts"

const note = (text: string) => ({ jsonrpc: "2.0" as const, method: "note", params: { text } })

const replayed = async (log: EventLog, id: string) => {
  const told: Array<string> = []
  await log.replayEventsAfter(id, { send: async (id) => void told.push(id) })
  return told
}

test("after an event come the later ones of its stream, in order, without the empty ones", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom("a", "b", "empty"), { maxLength: 50 }), async (streams) => {
      const log = new EventLog()
      const first = await log.storeEvent("a", {} as never)
      const ids = []
      for (const stream of streams)
        ids.push(
          await log.storeEvent(
            stream === "empty" ? "a" : stream,
            stream === "empty" ? ({} as never) : note("x"),
          ),
        )
      expect(await replayed(log, first)).toEqual(ids.filter((_, index) => streams[index] === "a"))
      expect(await log.getStreamIdForEventId(first)).toBe("a")
    }),
    { numRuns: 50 },
  )
})

test("the oldest events go when there are too many, or they are too large; the newest stays", async () => {
  const many = new EventLog()
  for (let i = 0; i <= mostEvents; i++) await many.storeEvent("a", note("x"))
  expect(await many.getStreamIdForEventId("1")).toBeUndefined()
  expect((await replayed(many, "2")).length).toBe(mostEvents - 1)
  await expect(replayed(many, "1")).rejects.toThrow("There is no event 1")

  const large = new EventLog()
  for (let i = 0; i < 5; i++) await large.storeEvent("a", note("x".repeat(mostBytes / 4)))
  expect(await large.getStreamIdForEventId("2")).toBeUndefined()
  expect(await replayed(large, "3")).toEqual(["4", "5"])
  await large.storeEvent("a", note("x".repeat(2 * mostBytes)))
  expect(await large.getStreamIdForEventId("5")).toBeUndefined()
  expect(await large.getStreamIdForEventId("6")).toBe("a")
})

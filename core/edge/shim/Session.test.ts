import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { ENDING } from "../wire/Protocol.ts"
import { Session } from "./Session.ts"

const line = (message: object): Buffer => Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
const value = (bytes: Buffer | undefined) => JSON.parse(String(bytes)) as Record<string, unknown>
const call = (id: number, name: string, more: object = {}) =>
  line({ id, method: "tools/call", params: { name, ...more } })

/** What the next hub is told at once, and what the client is. */
const replayed = (session: Session) => {
  const written: Array<Record<string, unknown>> = []
  let told: ReadonlyArray<string> | undefined
  session.replay(
    (one) => void written.push(JSON.parse(String(one)) as Record<string, unknown>),
    (lines) => (told = lines),
  )
  return { written, told: () => told }
}

test("a call has a key of its own, also when the client uses an id twice", () => {
  const session = new Session("s")
  const sent = [1, 1, 2].map((id) =>
    value(session.toHub(call(id, "dispatch", { _meta: { progressToken: 7 } }))),
  )
  const metas = sent.map(({ params }) => (params as { _meta: Record<string, unknown> })._meta)
  expect(new Set(metas.map((meta) => meta["hub/call_key"])).size).toBe(3)
  for (const meta of metas) expect(meta["progressToken"]).toBe(7)
})

test("what is no call goes through as it came", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const bytes = Buffer.from(`${text}\n`)
      expect(new Session("s").toHub(bytes)).toEqual(bytes)
      expect(new Session("s").toClient(bytes)).toEqual(bytes)
    }),
  )
})

test("whatever both sides say, there is an answer to it and no crash", () => {
  const message = fc.record(
    {
      id: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom("a", null, "hub-shim-1")),
      method: fc.oneof(
        fc.constantFrom("initialize", "tools/call", "resources/subscribe", "notifications/cancelled"),
        fc.jsonValue(),
      ),
      params: fc.oneof(fc.jsonValue(), fc.record({ name: fc.jsonValue(), _meta: fc.jsonValue() })),
      result: fc.oneof(fc.jsonValue(), fc.record({ capabilities: fc.jsonValue() })),
      error: fc.oneof(fc.jsonValue(), fc.constant({ code: ENDING })),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("toHub", "toClient", "lose"), message)), (steps) => {
      const session = new Session("s")
      for (const [way, one] of steps)
        if (way === "lose") {
          session.lost(new Set())
          replayed(session)
        } else session[way](line(one))
      session.failed("no hub")
      expect(session.isWaiting).toBe(false)
    }),
    { numRuns: 300 },
  )
})

test("a cancelled request is not asked again", () => {
  const session = new Session("s")
  session.toHub(line({ id: 1, method: "tools/list" }))
  session.toHub(line({ method: "notifications/cancelled", params: { requestId: 1 } }))
  expect(session.lost(new Set())).toEqual([])
  expect(replayed(session).written).toEqual([])
})

test("what an ending hub has not begun is asked again, even when it changes something", () => {
  const session = new Session("s")
  const sent = session.toHub(call(1, "change"))
  expect(session.toClient(line({ id: 1, error: { code: ENDING, message: "" } }))).toBeUndefined()
  expect(session.lost(new Set())).toEqual([])
  expect(replayed(session).written).toEqual([value(sent)])
  // Lost once more, and this time it may have been begun.
  expect(session.lost(new Set())).toHaveLength(1)
})

test("another hub is introduced first; only then it is asked, and the client told of new lists", () => {
  const session = new Session("s")
  session.toHub(line({ id: 1, method: "initialize", params: { a: 1 } }))
  session.toClient(line({ id: 1, result: { capabilities: { tools: { listChanged: true }, prompts: {} } } }))
  session.toHub(line({ method: "notifications/initialized" }))
  session.toHub(line({ id: 2, method: "tools/list" }))
  session.lost(new Set())
  const { told, written } = replayed(session)
  expect(written).toMatchObject([{ method: "initialize", params: { a: 1 } }])
  expect(told()).toBeUndefined()
  expect(session.toClient(line({ id: written[0]!["id"], result: {} }))).toBeUndefined()
  expect(written.slice(1)).toMatchObject([
    { method: "notifications/initialized" },
    { id: 2, method: "tools/list" },
  ])
  expect(told()?.map((one) => value(Buffer.from(one))["method"])).toEqual([
    "notifications/tools/list_changed",
  ])
})

test("the next hub may have another text of a resource: who follows it is told once that hub follows it too", () => {
  const session = new Session("s")
  session.toHub(line({ id: 1, method: "resources/subscribe", params: { uri: "hub://a" } }))
  session.toClient(line({ id: 1, result: {} }))
  session.toHub(line({ id: 2, method: "resources/subscribe", params: { uri: "hub://gone" } }))
  session.toClient(line({ id: 2, result: {} }))
  session.lost(new Set())
  const [first, second] = replayed(session).written
  expect(value(session.toClient(line({ id: first!["id"], result: {} })))).toEqual({
    jsonrpc: "2.0",
    method: "notifications/resources/updated",
    params: { uri: "hub://a" },
  })
  const refused = { id: second!["id"], error: { code: -32002, message: "no such resource" } }
  expect(session.toClient(line(refused))).toBeUndefined()
})

test("the next hub may be another in all that a client listens for: it is told so instead of a second acknowledgement", () => {
  const session = new Session("s")
  const _meta = { "io.modelcontextprotocol/subscriptionId": 1 }
  const notifications = {
    toolsListChanged: true,
    promptsListChanged: false,
    resourceSubscriptions: ["hub://a"],
  }
  const acknowledged = line({
    method: "notifications/subscriptions/acknowledged",
    params: { notifications, _meta },
  })
  session.toHub(line({ id: 1, method: "subscriptions/listen", params: { notifications } }))
  expect(session.toClient(acknowledged)).toEqual(acknowledged)
  session.lost(new Set())
  expect(replayed(session).written).toMatchObject([{ id: 1, method: "subscriptions/listen" }])
  const told = String(session.toClient(acknowledged)).trimEnd().split("\n")
  expect(told.map((one) => JSON.parse(one) as unknown)).toEqual([
    { jsonrpc: "2.0", method: "notifications/tools/list_changed", params: { _meta } },
    { jsonrpc: "2.0", method: "notifications/resources/updated", params: { uri: "hub://a", _meta } },
  ])
})

test("more than is kept is answered with an error instead of being asked again", () => {
  const session = new Session("s")
  const text = "x".repeat(20_000_000)
  for (const id of [1, 2, 3, 4]) session.toHub(line({ id, method: "resources/read", params: { text } }))
  const told = session.lost(new Set()).map((one) => value(Buffer.from(one)))
  expect(told.map(({ id }) => id)).toEqual([4])
})

test("a request that ends every hub it is asked of is given up", () => {
  const session = new Session("s")
  session.toHub(line({ id: 1, method: "tools/list" }))
  let times = 1
  while (session.lost(new Set()).length === 0) times += replayed(session).written.length
  expect(times).toBe(10)
  expect(session.isWaiting).toBe(false)
})

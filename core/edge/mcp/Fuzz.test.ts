import { expect, test } from "bun:test"
import { PassThrough } from "node:stream"
import { createInterface } from "node:readline"
import { Effect, Logger, Schema } from "effect"
import * as fc from "fast-check"
import { acme, catalogueOf as acmeCatalogue, handles } from "../fixtures/handles.ts"
import { catalogueOf, hubOf } from "../fixtures/linked.ts"
import { works } from "../fixtures/works.ts"
import { serve } from "../Mcp.ts"

const { prompts, resources } = acmeCatalogue([])
const hub = () =>
  hubOf(catalogueOf({ list: [...handles(), ...acme(), ...works().operations], prompts, resources }))

const methods = [
  "tools/list",
  "tools/call",
  "resources/list",
  "resources/read",
  "resources/templates/list",
  "resources/subscribe",
  "resources/unsubscribe",
  "prompts/list",
  "prompts/get",
  "completion/complete",
  "logging/setLevel",
  "tasks/get",
  "tasks/result",
  "tasks/cancel",
  "tasks/update",
  "tasks/list",
  "subscriptions/listen",
  "server/discover",
  "initialize",
  "ping",
  "no/such",
  "",
]

const name = fc.oneof(
  fc.constantFrom(
    "dispatch",
    "check_dispatch",
    "start_work",
    "only_work",
    "acme_status",
    "greet",
    "nope",
    "__proto__",
  ),
  fc.string(),
)
const uri = fc.oneof(fc.constantFrom("acme://notes/1", "acme://all", "acme://notes/{id}", "x"), fc.string())
const any = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown>

/** No work that was started: it goes on for ever here, and its result is waited for. */
const taskId = fc.oneof(fc.string(), any).filter((one) => typeof one !== "string" || !/-\d+$/.test(one))

/** Parameters that are nearly right, so that they get far. */
const nearly = fc.record(
  {
    name: fc.oneof(name, any),
    uri: fc.oneof(uri, any),
    arguments: fc.oneof(fc.dictionary(name, any), any),
    ref: fc.oneof(fc.record({ type: fc.constantFrom("ref/prompt", "ref/resource"), name, uri }), any),
    argument: fc.oneof(fc.record({ name, value: fc.string() }), any),
    level: any,
    taskId,
    cursor: any,
    task: any,
    inputResponses: any,
    requestState: any,
    notifications: fc.oneof(fc.record({ resourceSubscriptions: fc.array(uri) }), any),
    _meta: fc.oneof(fc.dictionary(fc.string(), any), any),
  },
  { requiredKeys: [] },
)
const params = fc.oneof({ weight: 4, arbitrary: nearly }, { weight: 1, arbitrary: any })

const envelope = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
}
const eras = {
  "2025-11-25": (given: unknown) => given,
  "2026-07-28": (given: unknown) =>
    typeof given === "object" && given !== null && !Array.isArray(given)
      ? { ...given, _meta: { ...(given as { _meta?: object })._meta, ...envelope } }
      : given,
}
const openings = {
  "2025-11-25": {
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "fuzz", version: "1" } },
  },
  "2026-07-28": { method: "tools/list", params: { _meta: envelope } },
}

const isAnswered = Schema.is(
  Schema.Union([
    Schema.Struct({ result: Schema.Record(Schema.String, Schema.Unknown) }),
    Schema.Struct({ error: Schema.Struct({ code: Schema.Int, message: Schema.String }) }),
  ]),
)

/** A client that asks for one thing after the other, line by line, and waits for each answer. */
const asker = () => {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const serving = serve({ hub: hub().hub, name: "hub", version: "1", input, output })
  const ended = Effect.runPromise(Effect.scoped(Effect.provide(serving, Logger.layer([]))))
  const waiting = new Map<unknown, (answer: unknown) => void>()
  createInterface({ input: output }).on("line", (line) => {
    const message = JSON.parse(line) as { id?: unknown; params?: { _meta?: Record<string, unknown> } }
    // A subscription is acknowledged, and answered only with its end.
    const subscription = message.params?._meta?.["io.modelcontextprotocol/subscriptionId"]
    if (subscription !== undefined) waiting.get(subscription)?.({ result: {} })
    else waiting.get(message.id)?.(message)
  })
  let last = 0
  const ask = (message: object) =>
    new Promise<unknown>((resolve) => {
      const id = ++last
      waiting.set(id, resolve)
      input.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...message })}\n`)
    })
  const end = () => {
    input.end()
    return ended
  }
  return { ask, end }
}

const all = (["2025-11-25", "2026-07-28"] as const).flatMap((era) =>
  [1, 2, 3, 4, 5].map((part) => [era, part] as const),
)

test.each(all)(
  "%s: whatever is asked is answered, and the connection goes on (part %i of 5)",
  async (era) => {
    const { ask, end } = asker()
    await ask(openings[era])
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...methods), params, async (method, given) => {
        expect(isAnswered(await ask({ method, params: eras[era](given) }))).toBe(true)
      }),
      { numRuns: 500 },
    )
    expect(await ask({ method: "tools/list", params: eras[era]({}) })).toHaveProperty("result.tools")
    await end()
  },
)

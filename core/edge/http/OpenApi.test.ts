import { expect } from "bun:test"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Effect } from "effect"
import * as Operations from "../../dispatch/operations/index.ts"
import type { RouteHandle } from "../../plugin/Catalogue.ts"
import { implied } from "../../plugin/Operation.ts"
import { effect } from "../../testing/effect.ts"
import { describe } from "../Call.ts"
import { acme, handles } from "../fixtures/handles.ts"
import { document } from "./OpenApi.ts"

interface Path {
  readonly post: Readonly<Record<string, unknown>>
}

const route = (method: string, path: string): RouteHandle => ({
  plugin: "acme",
  summary: "Answers.",
  method,
  path,
  handle: () => Effect.succeed(new Response()),
})
const routes = [route("GET", "/item/:id"), route("PUT", "/item/:id"), route("POST", "/hook")]

const core = Effect.map(Operations.shapes, (shapes) =>
  shapes.map((one) => describe({ plugin: "core", ...one, ...implied(one) } as never)),
)

effect(
  "a validator accepts it, with all operations of core and a plugin's",
  Effect.gen(function* () {
    const operations = [...(yield* core), ...acme().map(describe)]
    const made = document("1.2.3", operations, routes)
    const { errors, valid } = yield* Effect.promise(() => new Validator().validate(structuredClone(made)))
    expect([valid, errors]).toEqual([true, undefined])
    expect(Object.keys(made["paths"] as object)).toContain("/api/dispatch")
    const broken = { ...made, paths: { "/a": { get: { responses: "none" } } } }
    expect((yield* Effect.promise(() => new Validator().validate(broken))).valid).toBe(false)
  }),
)

effect(
  "each operation has its scope, its input and its output, and only doors that are open show it",
  Effect.gen(function* () {
    const [dispatch, , , , , , cancel] = handles().map(describe)
    const hidden = { ...cancel!, doors: ["cli" as const] }
    const { paths } = document("1", [dispatch!, hidden], routes) as { paths: Record<string, Path> }
    expect(Object.keys(paths).filter((path) => path.startsWith("/api/"))).toEqual([
      "/api/dispatch",
      "/api/runs/{id}/events",
      "/api/events",
    ])
    expect(paths["/api/dispatch"]!.post).toMatchObject({
      operationId: "dispatch",
      "x-hub-scope": "dispatch",
      security: [{ token: ["dispatch"] }],
      requestBody: { required: true, content: { "application/json": { schema: dispatch!.input } } },
    })
    expect(Object.keys(paths["/x/acme/item/{id}"]!)).toEqual(["get", "put"])
    yield* Effect.void
  }),
)

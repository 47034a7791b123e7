/** What can be asked over HTTP, as an OpenAPI document. */
import type { RouteHandle } from "../../plugin/Catalogue.ts"
import type { Described } from "../Door.ts"
import { OperationCode } from "../../plugin/Operation.ts"

type Json = Readonly<Record<string, unknown>>

export const document = (
  version: string,
  operations: ReadonlyArray<Described>,
  routes: ReadonlyArray<RouteHandle>,
): Json => ({
  openapi: "3.1.0",
  info: {
    title: "hub",
    version,
    summary: "Dispatches work to coding agents.",
    description:
      "Every operation takes its input as JSON and answers with its output as JSON. What each caller may do is set by the scopes of its token: `x-hub-scope` names the one that is needed; `dispatch` includes `read`, and `admin` both.",
  },
  servers: [{ url: "/" }],
  security: [{ token: [] }],
  tags: tagsOf(operations, routes),
  paths: {
    ...Object.fromEntries(
      operations.filter(isHere).map((one) => [`/api/${one.name}`, { post: operation(one) }]),
    ),
    ...streams,
    ...health,
    ...routePaths(routes),
  },
  components,
})

const isHere = ({ doors }: Described): boolean => doors === undefined || doors.includes("http")

const tagsOf = (operations: ReadonlyArray<Described>, routes: ReadonlyArray<RouteHandle>) =>
  [...new Set([...operations, ...routes].map(({ plugin }) => plugin).concat("core"))].map((name) => ({
    name,
  }))

const operation = (one: Described): Json => ({
  operationId: one.name,
  summary: one.title ?? one.summary,
  description: one.summary,
  tags: [one.plugin],
  "x-hub-scope": one.scope,
  "x-hub-readonly": one.readonly,
  "x-hub-destructive": one.destructive,
  "x-hub-idempotent": one.idempotent,
  security: [{ token: [one.scope] }],
  parameters: one.readonly ? [] : [{ $ref: "#/components/parameters/IdempotencyKey" }],
  requestBody: {
    required: Array.isArray(one.input["required"]) && one.input["required"].length > 0,
    content: { "application/json": { schema: one.input } },
  },
  responses: {
    200: { description: "The output.", content: { "application/json": { schema: one.output } } },
    ...errors,
  },
})

const error = (description: string): Json => ({
  description,
  content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
})

/** The statuses that any operation may answer with. */
const errors: Json = {
  400: error("The body is no JSON."),
  401: error("No token, or one that is unknown, revoked or expired."),
  403: error("The token has not the scope, or the Host or Origin is not allowed."),
  404: error("No such operation, or what the input names does not exist."),
  408: error("The body took too long to arrive."),
  409: error("It does not fit how things stand."),
  413: error("The body is too large."),
  415: error("The body is of another type than JSON."),
  422: error("The input is wrong; `details.errors` names each place."),
  429: {
    ...error("Too many calls."),
    headers: { "Retry-After": { $ref: "#/components/headers/RetryAfter" } },
  },
  500: error("A fault of the hub or of a plugin."),
  501: error("Not there yet."),
  503: error("Not now: the hub ends, or something it needs does not answer."),
}

const events = (summary: string, parameters: ReadonlyArray<Json>): Json => ({
  get: {
    summary,
    tags: ["core"],
    "x-hub-scope": "read",
    security: [{ token: ["read"] }],
    parameters: [...parameters, { $ref: "#/components/parameters/Types" }],
    responses: {
      200: {
        description:
          "Server-sent events. `event` is the type, `data` the event as JSON, `id` its number in its run. A comment comes every 15 seconds.",
        content: { "text/event-stream": { schema: { type: "string" } } },
      },
      ...errors,
    },
  },
})

const streams: Json = {
  "/api/runs/{id}/events": events(
    "The events of a run, those that are stored and then the new ones. Ends with an event `end` that has the run's state.",
    [
      { name: "id", in: "path", required: true, description: "The run.", schema: { type: "string" } },
      {
        name: "after",
        in: "query",
        description: "Only events with a higher number.",
        schema: { type: "integer", minimum: 0 },
      },
      {
        name: "Last-Event-ID",
        in: "header",
        description: "The same, and counts more than `after`.",
        schema: { type: "integer", minimum: 0 },
      },
    ],
  ),
  "/api/events": events("The new events of all runs, from now on.", []),
}

const probe = (summary: string, security: ReadonlyArray<Json>, more: Json): Json => ({
  get: {
    summary,
    tags: ["core"],
    security,
    responses: {
      200: { description: "Yes.", content: { "application/json": { schema: { type: "object" } } } },
      ...more,
    },
  },
})

const health: Json = {
  "/livez": probe("Does the hub live?", [], {}),
  "/readyz": probe("Can it take work? If not, `reasons` says why.", [{ token: [] }], {
    401: errors[401],
    503: {
      description: "No.",
      content: { "application/json": { schema: { $ref: "#/components/schemas/NotReady" } } },
    },
  }),
}

/** `/item/:id` is `/item/{id}` there; what a pattern says beyond the name is left out. */
const routePaths = (routes: ReadonlyArray<RouteHandle>): Json => {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const path = `/x/${route.plugin}${route.path}`.replace(/:(\w+)(\{[^}]*\})?\??/g, "{$1}")
    ;(paths[path] ??= {})[route.method.toLowerCase()] = routed(route, path)
  }
  return paths
}

const routed = ({ method, plugin, summary }: RouteHandle, path: string): Json => ({
  summary,
  tags: [plugin],
  "x-hub-scope": method === "GET" ? "read" : "dispatch",
  parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  })),
  responses: { default: { description: "What the plugin answers." } },
})

const components: Json = {
  securitySchemes: {
    token: {
      type: "http",
      scheme: "bearer",
      description: "Made by `hub token create`. Not asked for in open mode.",
    },
  },
  parameters: {
    IdempotencyKey: {
      name: "Idempotency-Key",
      in: "header",
      description:
        "The same for each repetition of one call, so that a call whose answer was lost may be made again.",
      schema: { type: "string", minLength: 1, maxLength: 200 },
    },
    Types: {
      name: "types",
      in: "query",
      description: "Only events of these types, separated by commas.",
      schema: { type: "string" },
    },
  },
  headers: {
    RetryAfter: { description: "Seconds to wait.", schema: { type: "integer", minimum: 0 } },
  },
  schemas: {
    Error: {
      type: "object",
      required: ["error"],
      properties: {
        error: {
          type: "object",
          required: ["code", "message"],
          properties: {
            code: {
              type: "string",
              enum: [...OperationCode.literals, "unauthorized", "not_allowed", "too_slow", "too_large"],
            },
            message: { type: "string", description: "What is wrong and what to do next." },
            details: {},
          },
        },
      },
    },
    NotReady: {
      type: "object",
      required: ["ready", "reasons"],
      properties: { ready: { const: false }, reasons: { type: "array", items: { type: "string" } } },
    },
  },
}

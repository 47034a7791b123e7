/** The reference of one running plugin, from its own schemas. */
import { Effect, Schema } from "effect"
import { type Catalogue, type OperationHandle, PluginState, Registry } from "../plugin/Catalogue.ts"
import { DoorName, Scope } from "../plugin/Operation.ts"
import { Host } from "./Host.ts"
import { LongAsData } from "./Offer.ts"

export const ConfigKey = Schema.Struct({
  key: Schema.String,
  description: Schema.String,
  required: Schema.Boolean,
  default: Schema.optionalKey(Schema.Unknown),
  /** JSON Schema of its value. */
  schema: Schema.Unknown,
})
export type ConfigKey = typeof ConfigKey.Type

/** What an operation says of itself beside its schemas. */
const OperationFacts = Schema.Struct({
  readonly: Schema.Boolean,
  destructive: Schema.Boolean,
  idempotent: Schema.Boolean,
  scope: Scope,
  /** All when left out. */
  doors: Schema.optionalKey(Schema.Array(DoorName)),
  long: Schema.optionalKey(LongAsData),
})

export const PluginInfo = Schema.Struct({
  state: PluginState,
  config: Schema.Array(ConfigKey),
  contributions: Schema.Array(
    Schema.Struct({
      kind: Schema.String,
      id: Schema.String,
      summary: Schema.String,
      operation: Schema.optionalKey(OperationFacts),
    }),
  ),
})
export type PluginInfo = typeof PluginInfo.Type

/** By instance, or by plugin id. Undefined when no plugin has that name. */
export const info = Effect.fn("PluginInfo.info")(function* (name: string) {
  const catalogue = yield* (yield* Registry).current
  const state =
    catalogue.plugins.find(({ instance }) => instance === name) ??
    catalogue.plugins.find(({ id }) => id === name)
  if (state === undefined) return undefined
  const config = keysOf(yield* (yield* Host).config(state.instance))
  return { state, config, contributions: contributionsOf(catalogue, state.instance) } satisfies PluginInfo
})

type Json = Readonly<Record<string, unknown>>

const keysOf = (config: Json | undefined): ReadonlyArray<ConfigKey> => {
  const required = (config?.["required"] ?? []) as ReadonlyArray<string>
  return Object.entries((config?.["properties"] ?? {}) as Record<string, Json>).map(([key, schema]) => ({
    key,
    description: String(schema["description"] ?? ""),
    required: required.includes(key),
    ...("default" in schema ? { default: schema["default"] } : {}),
    schema,
  }))
}

const contributionsOf = (catalogue: Catalogue, plugin: string) => {
  const mine = <A extends { readonly plugin: string; readonly summary: string }>(
    kind: string,
    items: Iterable<A>,
    id: (item: A) => string,
    more: (item: A) => object = () => ({}),
  ) =>
    [...items]
      .filter((item) => item.plugin === plugin)
      .map((item) => ({ kind, id: id(item), summary: item.summary, ...more(item) }))
  return [
    ...mine("agent", catalogue.agents.values(), ({ id }) => id),
    ...mine("step", catalogue.steps.values(), ({ type }) => type),
    ...mine("condition", catalogue.conditions.values(), ({ id }) => id),
    ...mine("operation", catalogue.operations.values(), ({ name }) => name, factsOf),
    ...mine("resource", catalogue.resources, ({ uri }) => uri),
    ...mine("prompt", catalogue.prompts, ({ name }) => name),
    ...mine("route", catalogue.routes, ({ method, path }) => `${method} ${path}`),
    ...mine("sink", catalogue.sinks, ({ id }) => id),
    ...mine("doctor", catalogue.doctor, ({ id }) => id),
  ]
}

const factsOf = ({ destructive, doors, idempotent, long, readonly, scope }: OperationHandle) => ({
  operation: {
    readonly,
    destructive,
    idempotent,
    scope,
    ...(doors === undefined ? {} : { doors }),
    ...(long === undefined ? {} : { long: withoutUndefined(long) }),
  },
})

const withoutUndefined = (record: object): object =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))

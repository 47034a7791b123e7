/** One call of an operation: the same decoding, running, encoding and words for every door. */
import { Cause, Clock, Context, Effect, Exit, LogLevel, Option, Schema } from "effect"
import type { Catalogue, OperationHandle } from "../plugin/Catalogue.ts"
import { type Caller, covers, OperationFailed } from "../plugin/Operation.ts"
import { silent, type Talk } from "../plugin/Talk.ts"
import { type About, about } from "../services/Log.ts"
import type { Answered, Described, Door } from "./Door.ts"
import { inputSchemaOf, isObject, type JsonSchema, jsonSchemaOf, propertiesOf } from "./JsonSchema.ts"
import { suggestion } from "./Nearest.ts"
import { sentence, type Wrong, wrongs } from "./Wrong.ts"

/** A prompt of 2 MB, escaped, fits many times. */
export const maxInputBytes = 20_000_000
export const maxInputDepth = 64

/** Decodes strictly, runs, encodes. Whatever else goes wrong is `internal`, with an id that stands in the log beside the cause. */
export const call = (
  handle: OperationHandle,
  raw: unknown,
  caller: Caller,
  talk: Talk = silent,
): Effect.Effect<Answered, OperationFailed> =>
  // Not `Effect.fn`: its span and its stack are a fourth of what a small call costs.
  Effect.suspend(() => allowed(handle, caller) ?? decode(handle, raw ?? {})).pipe(
    Effect.flatMap((input) => handle.run(input, caller, talk)),
    Effect.flatMap((result) => Effect.map(encode(handle, result), (output) => shown(handle, result, output))),
    Effect.catchDefect((defect) => internal(handle.name, defect)),
    timed,
    about(said(handle, caller)),
  )

const shown = ({ content, print }: OperationHandle, result: unknown, output: unknown): Answered => ({
  output,
  ...(print === undefined ? {} : { text: print(result) }),
  ...(content === undefined ? {} : { content: content(result) }),
})

const said = ({ name }: OperationHandle, { client, door, parent_run, token }: Caller): About => ({
  component: "edge",
  door,
  client,
  operation: name,
  ...(parent_run === undefined ? {} : { run: parent_run }),
  ...(token === undefined ? {} : { token }),
})

/** With `HUB_LOG=debug` each call leaves a line. */
const timed = <A>(call: Effect.Effect<A, OperationFailed>): Effect.Effect<A, OperationFailed> =>
  Effect.flatMap(LogLevel.isEnabled("Debug"), (isEnabled) => {
    if (!isEnabled) return call
    return Effect.flatMap(Clock.currentTimeMillis, (start) =>
      Effect.onExit(call, (exit) =>
        Effect.flatMap(Clock.currentTimeMillis, (end) =>
          Effect.annotateLogs(Effect.logDebug(`call ${failureOf(exit)?.code ?? "answered"}`), {
            duration_ms: end - start,
          }),
        ),
      ),
    )
  })

const allowed = ({ doors, name, scope }: OperationHandle, { door, parent_run, scopes, token }: Caller) => {
  if (doors !== undefined && !doors.includes(door))
    return denied(`${name} cannot be asked for here. It is there for: ${doors.join(", ")}.`, {})
  // What an agent may do can only shrink: it must not open the hub to itself or to others.
  if (parent_run !== undefined && scope === "admin")
    return denied(
      `${name} needs the scope admin, which no agent has: this call comes from within run ${parent_run}. Ask the person whose hub it is.`,
      { scope, parent_run },
    )
  if (scopes === undefined || covers(scopes, scope)) return undefined
  const whose = token === undefined ? "This caller" : `The token ${JSON.stringify(token)}`
  const held = scopes.length === 0 ? "nothing" : scopes.join(", ")
  return denied(`${name} needs the scope ${scope}. ${whose} has ${held}.`, { scope, scopes })
}

const denied = (message: string, details: object) =>
  Effect.fail(new OperationFailed({ code: "denied", message, details }))

/** Kept per handle: a tool list is asked for often, and a handle never changes. */
export const describe = (handle: OperationHandle): Described => {
  const known = described.get(handle)
  if (known !== undefined) return known
  const made = makeDescribed(handle)
  described.set(handle, made)
  return made
}

const described = new WeakMap<OperationHandle, Described>()

/** Schemas are made when somebody looks at them: those of all operations take longer than all else that a hub does first. */
const makeDescribed = (handle: OperationHandle): Described => {
  let input: JsonSchema | undefined
  let output: JsonSchema | undefined
  return {
    name: handle.name,
    plugin: handle.plugin,
    ...(handle.title === undefined ? {} : { title: handle.title }),
    summary: handle.summary,
    get input() {
      return (input ??= handle.input_schema ?? inputSchemaOf(handle.input))
    },
    get output() {
      return (output ??= jsonSchemaOf(handle.output))
    },
    readonly: handle.readonly,
    destructive: handle.destructive,
    idempotent: handle.idempotent,
    scope: handle.scope,
    ...(handle.doors === undefined ? {} : { doors: handle.doors }),
    ...(handle.long === undefined ? {} : { long: handle.long }),
    ...(handle.cli === undefined ? {} : { cli: withoutUndefined(handle.cli) }),
  }
}

const withoutUndefined = (record: object): object =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))

/** The door of the hub in this process. `surroundings`: what a call logs to, wherever it comes from. */
export const localDoor = (
  registry: { readonly current: Effect.Effect<Catalogue> },
  surroundings: Context.Context<never> = Context.empty(),
): Door => ({
  operations: Effect.map(registry.current, ({ operations }) => [...operations.values()].map(describe)),
  call: (name, input, caller, talk) =>
    Effect.flatMap(registry.current, ({ operations }) => {
      const handle = operations.get(name)
      return handle === undefined ? noSuch(name, [...operations.keys()]) : call(handle, input, caller, talk)
    }).pipe(Effect.provideContext(surroundings)),
})

const noSuch = (name: string, known: ReadonlyArray<string>) =>
  Effect.fail(
    new OperationFailed({
      code: "not_found",
      message: `There is no operation ${JSON.stringify(name.slice(0, 100))}.${suggestion(name, known)}`,
    }),
  )

const decode = (handle: OperationHandle, raw: unknown): Effect.Effect<unknown, OperationFailed> => {
  const schema = describe(handle).input
  const limited = overLimit(raw)
  if (limited !== undefined) return refuse([{ path: "", message: limited }])
  // The decoder lets every key into a struct without fields.
  const found =
    isObject(raw) &&
    Object.keys(propertiesOf(schema)).length === 0 &&
    schema["additionalProperties"] === false
      ? Object.keys(raw).map((path) => ({ path, message: "unknown key. There are none here." }))
      : []
  if (found.length > 0) return refuse(found)
  return Effect.catch(Schema.decodeUnknownEffect(handle.input)(raw, strictly), ({ issue }) =>
    refuse(wrongs(issue, schema, raw)),
  )
}

const strictly = { errors: "all", onExcessProperty: "error" } as const

const encode = ({ output }: OperationHandle, result: unknown): Effect.Effect<unknown> =>
  Effect.orDie(Schema.encodeEffect(output)(result))

const refuse = (errors: ReadonlyArray<Wrong>) =>
  Effect.fail(new OperationFailed({ code: "invalid", message: sentence(errors), details: { errors } }))

/** Says what is too much. Counts without making the JSON again, and stops at the first limit. */
const overLimit = (raw: unknown): string | undefined => {
  let bytes = 0
  const walk = (value: unknown, depth: number): string | undefined => {
    if (depth > maxInputDepth) return `is nested deeper than ${maxInputDepth}`
    bytes += typeof value === "string" ? value.length : 8
    if (bytes > maxInputBytes) return `is larger than ${maxInputBytes / 1_000_000} MB`
    if (typeof value !== "object" || value === null) return undefined
    for (const [key, inner] of Object.entries(value)) {
      bytes += key.length
      const found = walk(inner, depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }
  return walk(raw, 0)
}

const internal = Effect.fnUntraced(function* (name: string, defect: unknown) {
  const id = crypto.randomUUID().slice(0, 8)
  yield* Effect.logError(`operation ${name} broke (${id})`, Cause.die(defect))
  return yield* new OperationFailed({
    code: "internal",
    message: `Operation ${name} broke. This is a fault of the hub or of the plugin that gives it; the log has the cause under ${id}.`,
    details: { id },
  })
})

/** The failure of a call as plain JSON, as the doors send it. */
export const errorOf = ({ code, details, message }: OperationFailed) => ({
  code,
  message,
  ...(details === undefined ? {} : { details }),
})

/** The failure a call ended with; an interruption is `unavailable`. */
export const failureOf = <A>(exit: Exit.Exit<A, OperationFailed>): OperationFailed | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const failure = Cause.findErrorOption(exit.cause)
  return Option.getOrElse(
    failure,
    () => new OperationFailed({ code: "unavailable", message: "The call was stopped before it ended." }),
  )
}

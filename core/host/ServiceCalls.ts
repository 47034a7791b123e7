/** The hub's side of `service.call`: services for a plugin in a worker or process, as far as data can carry them. */
/* oxlint-disable typescript/no-explicit-any -- any codec will do */
import { Context, Effect, Option, Redacted, Schema } from "effect"
import { permissions } from "../plugin/Agent.ts"
import type { PluginServices } from "../plugin/Plugin.ts"
import { Events } from "../services/Events.ts"
import { Http } from "../services/Http.ts"
import { Processes } from "../services/Processes.ts"
import { Runs } from "../services/Runs.ts"
import { Secrets } from "../services/Secrets.ts"
import type { SqlValue } from "../services/Sql.ts"
import { Storage } from "../services/Storage.ts"
import { Workspace } from "../services/Workspace.ts"
import { codes, RpcError } from "./Rpc.ts"
import { toRpc } from "./Wire.ts"

const Call = Schema.Struct({
  service: Schema.String,
  method: Schema.String,
  args: Schema.Array(Schema.Unknown),
})
const decodeCall = Schema.decodeUnknownEffect(Call)

type Table = Readonly<Record<string, (args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>>>

/** Answers `service.call { service, method, args }`. */
export const answer = (services: Context.Context<PluginServices>) => {
  const known = table(services)
  return (params: unknown): Effect.Effect<unknown, RpcError> =>
    Effect.gen(function* () {
      const { args, method, service } = yield* decodeCall(params)
      const call = Object.hasOwn(known, `${service}.${method}`) ? known[`${service}.${method}`] : undefined
      if (call === undefined) return yield* unknownCall(`${service}.${method}`, Object.keys(known))
      return yield* call(args)
    }).pipe(Effect.mapError(toRpc))
}

const unknownCall = (name: string, known: ReadonlyArray<string>) =>
  new RpcError({ code: codes.unknown, message: `no service call ${name}. Known: ${known.join(", ")}` })

/** Decodes the arguments before the call: what comes from another process may be anything. */
const taking =
  <const S extends ReadonlyArray<Schema.Codec<any, any>>, A, E>(
    schemas: S,
    call: (...args: { readonly [K in keyof S]: S[K]["Type"] }) => Effect.Effect<A, E>,
  ) =>
  (args: ReadonlyArray<unknown>): Effect.Effect<unknown, unknown> => {
    const padded = schemas.map((_, index) => args[index] ?? undefined)
    return Effect.flatMap(Schema.decodeUnknownEffect(Schema.Tuple(schemas))(padded), (given) =>
      call(...(given as never)),
    )
  }

const Text = Schema.String
const some = <S extends Schema.Top>(schema: S) => Schema.UndefinedOr(schema)
const Sql = Schema.Array(Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, Schema.Null]))
const Texts = Schema.Record(Schema.String, Schema.String)
const key = Schema.optionalKey

const Command = Schema.Struct({
  program: Text,
  args: Schema.Array(Text),
  cwd: Text,
  env: key(Schema.Record(Schema.String, Schema.String)),
  stdin: key(Schema.Union([Schema.Struct({ text: Text }), Schema.Struct({ file: Text })])),
})
const RunLimits = Schema.Struct({ timeout_ms: key(Schema.Finite), max_bytes: key(Schema.Finite) })
const Request = Schema.Struct({
  method: key(Schema.Literals(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])),
  url: Text,
  headers: key(Texts),
  body: key(Text),
  timeout_ms: key(Schema.Finite),
  max_bytes: key(Schema.Finite),
})
const Drafts = Schema.Array(
  Schema.Struct({
    type: Text,
    step: key(Text),
    attempt: key(Schema.Int),
    data: key(Schema.Record(Schema.String, Schema.Unknown)),
  }),
)
const Dispatch = Schema.Struct({
  prompt: Text,
  project: key(Text),
  cwd: key(Text),
  pipeline: key(Text),
  agent: key(Text),
  fallback: key(Schema.Array(Text)),
  model: key(Text),
  permission: key(Schema.Literals(permissions)),
  session: key(Text),
  fork: key(Schema.Boolean),
  input: key(Schema.Record(Schema.String, Schema.Unknown)),
})

const table = (services: Context.Context<PluginServices>): Table => {
  const [storage, http, secrets] = [
    Context.get(services, Storage),
    Context.get(services, Http),
    Context.get(services, Secrets),
  ]
  const [processes, workspace] = [Context.get(services, Processes), Context.get(services, Workspace)]
  const [runs, events] = [Context.get(services, Runs), Context.get(services, Events)]
  return {
    "Storage.get": taking([Text], (name) =>
      Effect.map(
        storage.get(name, Schema.Unknown),
        Option.match({ onNone: () => ({ found: false }), onSome: (value) => ({ found: true, value }) }),
      ),
    ),
    "Storage.set": taking([Text, Schema.Unknown], (name, value) => storage.set(name, Schema.Unknown, value)),
    "Storage.remove": taking([Text], (name) => storage.remove(name)),
    "Storage.keys": taking([some(Text)], (prefix) => storage.keys(prefix)),
    "Storage.query": taking([Text, some(Sql)], (sql, params) =>
      storage.query(sql, params as ReadonlyArray<SqlValue> | undefined),
    ),
    "Http.request": taking([Request], ({ timeout_ms, ...request }) =>
      http.request({ ...request, timeout: timeout_ms }),
    ),
    "Secrets.get": taking([Text], (name) => Effect.map(secrets.get(name), Redacted.value)),
    "Processes.run": taking([Command, some(RunLimits)], (command, limits) =>
      processes.run(command, { timeout: limits?.timeout_ms, max_bytes: limits?.max_bytes }),
    ),
    "Processes.which": taking([Text], (program) => processes.which(program)),
    "Events.append": taking([Text, Drafts], (run, drafts) => events.append(run, drafts)),
    "Events.appendOnce": taking([Text, Text, Drafts], (run, name, drafts) =>
      events.appendOnce(run, name, drafts),
    ),
    "Events.read": taking([Text, Schema.Finite, some(Schema.Finite)], (run, after, limit) =>
      events.read(run, after, limit),
    ),
    "Workspace.data": taking([], () => workspace.data),
    "Workspace.read": taking([Text, some(Schema.Finite)], (path, max) => workspace.read(path, max)),
    "Workspace.write": taking([Text, Text], (path, text) => workspace.write(path, text)),
    "Workspace.exists": taking([Text], (path) => workspace.exists(path)),
    "Workspace.remove": taking([Text], (path) => workspace.remove(path)),
    "Workspace.glob": taking([Text, Text], (folder, pattern) => workspace.glob(folder, pattern)),
    "Runs.dispatch": taking([Dispatch], (request) => runs.dispatch(request)),
    "Runs.get": taking([Text], (run) => runs.get(run)),
    "Runs.list": taking([some(Schema.Finite)], (limit) => runs.list(limit)),
    "Runs.cancel": taking([Text], (run) => runs.cancel(run)),
    "Runs.wait": taking([Text], (run) => runs.wait(run)),
  }
}

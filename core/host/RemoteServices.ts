/** The plugin's side of `service.call`: `PluginServices` in a worker or process, answered by the hub. */
/* oxlint-disable typescript/no-explicit-any -- what the hub answers is typed by the service */
import { Context, Duration, Effect, Option, Redacted, Schema, Stream } from "effect"
import type { PluginServices } from "../plugin/Plugin.ts"
import { Events } from "../services/Events.ts"
import { Http } from "../services/Http.ts"
import { Processes } from "../services/Processes.ts"
import { Runs } from "../services/Runs.ts"
import { Secrets } from "../services/Secrets.ts"
import { Storage } from "../services/Storage.ts"
import { Workspace } from "../services/Workspace.ts"
import type { Peer, RpcError } from "./Rpc.ts"
import { fromRpc } from "./Wire.ts"

/** Services over the wire. `Storage.transact`, `Processes.open`, `Events.follow` and `Events.live` need a plugin with isolation "none". */
export const make = (peer: Peer): Context.Context<PluginServices> => {
  const ask =
    (service: string) =>
    (method: string) =>
    (...args: ReadonlyArray<unknown>): Effect.Effect<any, never> =>
      meant(peer.call("service.call", { service, method, args })) as never
  return Context.make(Storage, storage(ask("Storage"))).pipe(
    Context.add(Http, http(ask("Http"))),
    Context.add(Secrets, secrets(ask("Secrets"))),
    Context.add(Processes, processes(ask("Processes"))),
    Context.add(Events, events(ask("Events"))),
    Context.add(Workspace, workspace(ask("Workspace"))),
    Context.add(Runs, runs(ask("Runs"))),
  )
}

type Ask = (method: string) => (...args: ReadonlyArray<unknown>) => Effect.Effect<any, never>

/** Fails with the service's own error; a broken line is a defect, as a bug in the service would be. */
const meant = (call: Effect.Effect<unknown, RpcError>): Effect.Effect<unknown, unknown> =>
  Effect.catch(call, (error) => {
    const original = fromRpc(error)
    return original === error ? Effect.die(error) : Effect.fail(original)
  })

const unable = (what: string) =>
  Effect.die(
    new Error(`${what} needs a plugin with isolation = "none": it cannot be carried to a worker or process`),
  )

const storage = (ask: Ask): Storage["Service"] => ({
  get: (key, schema) =>
    Effect.map(ask("get")(key), (answer: { readonly found: boolean; readonly value?: unknown }) =>
      answer.found ? Schema.decodeUnknownOption(Schema.toCodecJson(schema))(answer.value) : Option.none(),
    ) as never,
  set: (key, schema, value) =>
    Effect.flatMap(Effect.orDie(Schema.encodeUnknownEffect(Schema.toCodecJson(schema))(value)), (json) =>
      ask("set")(key, json),
    ),
  remove: (key) => ask("remove")(key),
  keys: (prefix) => ask("keys")(prefix),
  query: (sql, params) => ask("query")(sql, params),
  transact: () => unable("Storage.transact"),
})

const milliseconds = (timeout: Duration.Input | undefined) =>
  timeout === undefined ? {} : { timeout_ms: Duration.toMillis(timeout) }

const http = (ask: Ask): Http["Service"] => ({
  request: ({ timeout, ...request }) => ask("request")({ ...request, ...milliseconds(timeout) }),
})

const secrets = (ask: Ask): Secrets["Service"] => {
  const known = new Set<string>()
  const redactKnown = (text: string) =>
    [...known].reduce((clean, value) => clean.replaceAll(value, "[redacted]"), text)
  return {
    get: (name) =>
      Effect.map(ask("get")(name), (value: string) => {
        known.add(value)
        return Redacted.make(value)
      }),
    redact: redactKnown,
    redactKnown,
  }
}

const processes = (ask: Ask): Processes["Service"] => ({
  run: (command, limits) =>
    ask("run")(command, {
      ...milliseconds(limits?.timeout),
      ...(limits?.max_bytes === undefined ? {} : { max_bytes: limits.max_bytes }),
    }),
  open: () => unable("Processes.open"),
  which: (program) => ask("which")(program),
})

const events = (ask: Ask): Events["Service"] => ({
  append: (run, drafts) => ask("append")(run, drafts),
  appendOnce: (run, name, drafts) => ask("appendOnce")(run, name, drafts),
  read: (run, after, limit) => ask("read")(run, after, limit),
  follow: () => Stream.fromEffect(unable("Events.follow")),
  live: Stream.fromEffect(unable("Events.live")),
})

const workspace = (ask: Ask): Workspace["Service"] => ({
  data: ask("data")(),
  read: (path, max) => ask("read")(path, max),
  write: (path, text) => ask("write")(path, text),
  exists: (path) => ask("exists")(path),
  remove: (path) => ask("remove")(path),
  glob: (folder, pattern) => ask("glob")(folder, pattern),
})

const runs = (ask: Ask): Runs["Service"] => ({
  dispatch: (request) => ask("dispatch")(request),
  get: (run) => ask("get")(run),
  list: (limit) => ask("list")(limit),
  cancel: (run) => ask("cancel")(run),
  wait: (run) => ask("wait")(run),
})

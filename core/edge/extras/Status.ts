/** How the hub of a home stands: what `hub status` shows, and `hub_status` answers over MCP and HTTP. */
import { Clock, Effect, Schema } from "effect"
import type { Catalogue } from "../../plugin/Catalogue.ts"
import * as Operation from "../../plugin/Operation.ts"
import { duration } from "../Print.ts"

const Client = Schema.Struct({
  /** `mcp`: a shim. `calls`: a command. */
  kind: Schema.Literals(["mcp", "calls"]),
  /** Of the program that speaks. */
  version: Schema.String,
  cwd: Schema.optionalKey(Schema.String),
  /** The run that it works in. */
  parent_run: Schema.optionalKey(Schema.String),
  /** When it came. */
  since: Schema.Number,
  pid: Schema.optionalKey(Schema.Int),
})

const Http = Schema.Struct({
  url: Schema.optionalKey(Schema.String),
  /** Who is let in: whoever has a token, or everyone on this machine. */
  access: Schema.optionalKey(Schema.Literals(["tokens", "open"])),
  /** Why it is not served although it should be. */
  problem: Schema.optionalKey(Schema.String),
})
export type Http = typeof Http.Type

const Failed = Schema.Struct({ instance: Schema.String, phase: Schema.String, detail: Schema.String })

export const Status = Schema.Struct({
  pid: Schema.Int,
  version: Schema.String,
  /** `standalone`: inside the process of one MCP client, and gone with it. */
  mode: Schema.Literals(["daemon", "standalone"]),
  /** Arguments after `hub serve`. */
  arguments: Schema.Array(Schema.String),
  started_at: Schema.Number,
  uptime_ms: Schema.Number,
  home: Schema.String,
  /** Missing where the path is too long for a socket. */
  socket: Schema.optionalKey(Schema.String),
  log: Schema.String,
  config: Schema.Struct({
    file: Schema.String,
    /** Why the file as it stands does not count: the last good one does. */
    problem: Schema.optionalKey(Schema.String),
  }),
  /** Missing while it is off. */
  http: Schema.optionalKey(Http),
  clients: Schema.Array(Client),
  /** Open runs. */
  runs: Schema.Struct({ queued: Schema.Int, running: Schema.Int, waiting: Schema.Int }),
  plugins: Schema.Struct({ ready: Schema.Int, starting: Schema.Int, failed: Schema.Array(Failed) }),
  memory_bytes: Schema.Number,
  /** Until it ends by itself, when nobody needs it. */
  ends_in_ms: Schema.optionalKey(Schema.Number),
})
export type Status = typeof Status.Type

/** What the process knows of itself. */
export interface Standing extends Pick<
  Status,
  "arguments" | "home" | "log" | "mode" | "pid" | "started_at" | "version"
> {
  readonly doors: Effect.Effect<Pick<Status, "clients" | "ends_in_ms" | "http" | "socket">>
  readonly memory: Effect.Effect<number>
}

export interface StatusSources {
  readonly standing: Standing
  readonly registry: { readonly current: Effect.Effect<Catalogue> }
  /** The configuration file that counts. */
  readonly file: Effect.Effect<string>
  readonly open: Effect.Effect<ReadonlyArray<{ readonly state: string }>, { readonly message: string }>
}

export const statusOperation = (sources: StatusSources): Operation.Operation =>
  Operation.make({
    name: "hub_status",
    title: "Status of the hub",
    summary:
      "How the hub itself stands: version, doors, clients, open runs, plugins, and what is wrong with its file.",
    input: Schema.Struct({}),
    output: Status,
    readonly: true,
    cli: { hidden: true },
    print: statusText,
    run: () => statusOf(sources),
  })

const statusOf = Effect.fnUntraced(function* ({ file, open, registry, standing }: StatusSources) {
  const { doors, memory, ...known } = standing
  const { plugins, problem } = yield* registry.current
  const runs = yield* Effect.mapError(
    open,
    ({ message }) => new Operation.OperationFailed({ code: "unavailable", message }),
  )
  const inState = (state: string): number => runs.filter((run) => run.state === state).length
  const pluginsIn = (state: string): number => plugins.filter((plugin) => plugin.state === state).length
  return {
    ...known,
    ...(yield* doors),
    uptime_ms: (yield* Clock.currentTimeMillis) - standing.started_at,
    config: { file: yield* file, ...(problem === undefined ? {} : { problem }) },
    runs: { queued: inState("queued"), running: inState("running"), waiting: inState("waiting") },
    plugins: {
      ready: pluginsIn("ready"),
      starting: pluginsIn("starting"),
      failed: plugins.flatMap(({ failure, instance }) =>
        failure === undefined ? [] : [{ instance, phase: failure.phase, detail: failure.detail }],
      ),
    },
    memory_bytes: yield* memory,
  } satisfies Status
})

/** Two columns. What is wrong has a line of its own. */
export const statusText = (status: Status): string => {
  const { config, http, plugins, runs } = status
  const rows = [
    ["hub", `${status.version}, pid ${status.pid}, ${modes[status.mode]}, up ${duration(status.uptime_ms)}`],
    ["home", status.home],
    ["socket", status.socket ?? "none: the path of the home is too long for one"],
    ["http", httpText(http)],
    ["config", config.file],
    ...(config.problem === undefined ? [] : [["", `does not count: ${config.problem}`]]),
    ["runs", `${runs.running} running, ${runs.waiting} waiting, ${runs.queued} queued`],
    ["plugins", `${plugins.ready} ready${plugins.starting > 0 ? `, ${plugins.starting} starting` : ""}`],
    ...plugins.failed.map(({ detail, instance, phase }) => ["", `${instance} failed in ${phase}: ${detail}`]),
    ["clients", String(status.clients.length)],
    ...status.clients.map(({ cwd, kind, version }) => [
      "",
      `${kind === "mcp" ? "MCP client" : "command"}, hub ${version}${cwd === undefined ? "" : `, in ${cwd}`}`,
    ]),
    ["memory", `${Math.round(status.memory_bytes / 1_000_000)} MB`],
    ["log", status.log],
    ...(status.ends_in_ms === undefined
      ? []
      : [["ends", `in ${duration(status.ends_in_ms)}, unless somebody needs it`]]),
  ]
  return rows.map(([name = "", text = ""]) => `${name.padEnd(9)}${text.split("\n", 1)[0] ?? ""}`).join("\n")
}

const modes = { daemon: "the daemon", standalone: "inside an MCP client's process" } as const

const httpText = (http: Http | undefined): string => {
  if (http === undefined) return "off"
  if (http.url === undefined) return http.problem ?? "not served"
  return `${http.url}, ${http.access === "open" ? "open to everyone on this machine" : "with tokens"}`
}

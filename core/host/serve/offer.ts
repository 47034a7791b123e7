/** What a plugin contributes, as data that crosses the wire. */
import { Effect } from "effect"
import type { ClientConfig } from "../../plugin/Agent.ts"
import type { Contributions } from "../../plugin/Plugin.ts"
import { codes, RpcError } from "../Rpc.ts"
import { type Offer, toJson } from "../Wire.ts"

/** Refuses what only works inside the hub. */
export const offer = (given: Contributions): Effect.Effect<Offer, RpcError> =>
  Effect.suspend(() => {
    if ((given.routes ?? []).length > 0) return unable("routes")
    if ((given.agents ?? []).some(({ kind }) => kind === "stream")) return unable("stream agents")
    return Effect.succeed(describe(given))
  })

const unable = (what: string) =>
  Effect.fail(
    new RpcError({
      code: codes.params,
      message: `${what} cannot be carried to a worker or process: use isolation = "none"`,
    }),
  )

const describe = (given: Contributions): Offer => ({
  agents: (given.agents ?? []).map((agent) => ({
    id: agent.id,
    summary: agent.summary,
    supports: { ...agent.supports } as never,
    probe: agent.probe !== undefined,
    ...("client" in agent && agent.client !== undefined ? { client: clientOf(agent.client) } : {}),
  })),
  steps: (given.steps ?? []).map(({ config, summary, type }) => ({ type, summary, config: toJson(config) })),
  conditions: (given.conditions ?? []).map(({ config, id, summary }) => ({
    id,
    summary,
    config: toJson(config),
  })),
  operations: (given.operations ?? []).map(({ print: _print, run: _run, input, output, ...operation }) => ({
    ...(operation as object as Plain),
    input: toJson(input),
    output: toJson(output),
  })),
  resources: (given.resources ?? []).map(({ mime, name, summary, uri }) => ({ mime, name, summary, uri })),
  prompts: (given.prompts ?? []).map(({ arguments: args, name, summary }) => ({
    name,
    summary,
    arguments: toJson(args),
  })),
  sinks: (given.sinks ?? []).map(({ id, summary, types }) => ({
    id,
    summary,
    ...(types === undefined ? {} : { types }),
  })),
  migrations: [...(given.migrations ?? [])],
  doctor: (given.doctor ?? []).map(({ id, summary }) => ({ id, summary })),
})

type Plain = Omit<NonNullable<Offer["operations"]>[number], "input" | "output">

const clientOf = ({ at, entry, file, format }: ClientConfig) => ({
  at,
  file,
  format,
  entry: entry("{{hub}}"),
})

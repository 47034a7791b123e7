/** What a plugin contributes, as data that crosses the wire. */
import { Effect } from "effect"
import type { ClientConfig } from "../../plugin/Agent.ts"
import type { Operation } from "../../plugin/Operation.ts"
import type { Contributions } from "../../plugin/Plugin.ts"
import type { Offer } from "../Offer.ts"
import { codes, RpcError } from "../Rpc.ts"
import { toJson } from "../Wire.ts"

/** Refuses what only works inside the hub. */
export const offer = (given: Contributions): Effect.Effect<Offer, RpcError> =>
  Effect.suspend(() => {
    if (given.changes !== undefined) return unable("changes of the contributions")
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
    ...(agent.program === undefined ? {} : { program: agent.program }),
    probe: agent.probe !== undefined,
    ...("client" in agent && agent.client !== undefined ? { client: clientOf(agent.client) } : {}),
  })),
  steps: (given.steps ?? []).map(({ config, summary, type }) => ({ type, summary, config: toJson(config) })),
  conditions: (given.conditions ?? []).map(({ config, id, summary }) => ({
    id,
    summary,
    config: toJson(config),
  })),
  operations: (given.operations ?? []).map((operation) => {
    const { content: _content, input, output, print: _print, run: _run, ...plain } = operation
    const shows = showsOf(operation)
    return {
      ...(plain as object as Plain),
      ...(shows.length === 0 ? {} : { shows }),
      input: toJson(input),
      output: toJson(output),
    }
  }),
  resources: (given.resources ?? []).map(({ changes, complete, mime, name, summary, title, uri }) => ({
    mime,
    name,
    summary,
    uri,
    ...(title === undefined ? {} : { title }),
    changes: changes !== undefined,
    complete: complete !== undefined,
  })),
  prompts: (given.prompts ?? []).map(({ arguments: args, complete, name, summary, title }) => ({
    name,
    summary,
    arguments: toJson(args),
    ...(title === undefined ? {} : { title }),
    complete: complete !== undefined,
  })),
  routes: (given.routes ?? []).map(({ method, path, summary }) => ({ method, path, summary })),
  sinks: (given.sinks ?? []).map(({ id, summary, types }) => ({
    id,
    summary,
    ...(types === undefined ? {} : { types }),
  })),
  migrations: [...(given.migrations ?? [])],
  doctor: (given.doctor ?? []).map(({ id, summary }) => ({ id, summary })),
})

/** What is made here of each output, because functions do not cross. */
export const showsOf = ({ content, print }: Operation): ReadonlyArray<"text" | "content"> => [
  ...(print === undefined ? [] : (["text"] as const)),
  ...(content === undefined ? [] : (["content"] as const)),
]

type Plain = Omit<NonNullable<Offer["operations"]>[number], "input" | "output">

const clientOf = ({ at, entry, file, format }: ClientConfig) => ({
  at,
  file,
  format,
  entry: entry("{{hub}}"),
})

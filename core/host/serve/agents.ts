/** Answers what the hub asks of the plugin's agents: a launch, a probe, what lines of output mean. */
import { Effect } from "effect"
import type { AgentRequest, Decoder, ProgramAgent } from "../../plugin/Agent.ts"
import { Failure } from "../../plugin/Failure.ts"
import type { Exit } from "../../services/Supervisor.ts"
import { prober } from "../handles/agents.ts"
import type { RpcError } from "../Rpc.ts"
import { type Answers, type Offered, one } from "./answers.ts"

interface Asked {
  readonly agent: string
  readonly request: AgentRequest
}

interface Fed {
  readonly decoder: number
  readonly lines: ReadonlyArray<string>
  readonly stream: "stdout" | "stderr"
}

/** A decoder is known by its number, from `decoder.open` to `decoder.close`. */
export const agents = (offered: Offered): Answers => {
  const decoders = new Map<number, Decoder>()
  let opened = 0
  const agent = (id: string) =>
    one(
      offered().agents,
      (agent) => agent.id === id && agent.kind === "program",
      `agent ${id}`,
    ) as Effect.Effect<ProgramAgent, RpcError>
  const decoder = (id: number) =>
    Effect.map(
      one([...decoders], ([known]) => known === id, `decoder ${id}`),
      ([, found]) => found,
    )
  return {
    "agent.launch": ({ agent: id, request }: Asked) =>
      Effect.flatMap(agent(id), (found) => orFail(found.launch(request))),
    "agent.probe": ({ agent: id }: Asked) =>
      Effect.flatMap(
        Effect.all([agent(id), prober]),
        ([found, tools]) => found.probe?.(tools) ?? Effect.succeed({ installed: true, notes: [] }),
      ),
    "decoder.open": ({ agent: id, request }: Asked) =>
      Effect.map(agent(id), (found) => {
        const fresh = found.decoder(request)
        decoders.set((opened += 1), fresh)
        return { decoder: opened, may_skip: fresh.may_skip ?? false }
      }),
    "decoder.feed": ({ decoder: id, lines, stream }: Fed) =>
      Effect.map(decoder(id), (found) => lines.map((line) => feed(found, line, stream))),
    "decoder.end": ({ decoder: id, exit }: { decoder: number; exit: Exit }) =>
      Effect.flatMap(decoder(id), (found) => orFail(found.end(exit))),
    "decoder.close": ({ decoder: id }: { decoder: number }) => Effect.sync(() => decoders.delete(id)),
  }
}

/** The events of one line, or what broke the decoder: the hub keeps that line as text. */
const feed = (decoder: Decoder, line: string, stream: "stdout" | "stderr") => {
  try {
    return { events: decoder.feed(line, stream) }
  } catch (error) {
    return { broke: error instanceof Error ? error.message : String(error) }
  }
}

const orFail = <A>(value: A | Failure): Effect.Effect<A, Failure> =>
  value instanceof Failure ? Effect.fail(value) : Effect.succeed(value)

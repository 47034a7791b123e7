/** Agents of a plugin inside the hub. */
import { tmpdir } from "node:os"
import { Effect, Stream } from "effect"
import {
  type Agent,
  type AgentHost,
  type AgentEvent,
  type AgentRequest,
  type Decoder,
  output,
  type Prober,
  type ProgramAgent,
  type StreamAgent,
} from "../../plugin/Agent.ts"
import type { AgentHandle, DecoderHandle, ProgramAgentHandle } from "../../plugin/Catalogue.ts"
import { Failure, of as failureOf } from "../../plugin/Failure.ts"
import { Processes } from "../../services/Processes.ts"
import * as Installed from "../Installed.ts"
import { type Border, failing, pure, quiet } from "../Border.ts"

export const agentHandle = (border: Border, agent: Agent): AgentHandle => {
  const common = {
    plugin: border.plugin,
    id: agent.id,
    summary: agent.summary,
    program: agent.program,
    supports: agent.supports,
    probe: probeOf(border, agent),
  }
  return agent.kind === "program"
    ? programHandle(border, agent, common)
    : { ...common, kind: "stream", run: (request, host) => streamOf(border, agent, request, host) }
}

const programHandle = (
  border: Border,
  agent: ProgramAgent,
  common: Omit<ProgramAgentHandle, "kind" | "launch" | "decoder" | "client">,
): ProgramAgentHandle => ({
  ...common,
  kind: "program",
  client: agent.client,
  launch: (request) =>
    Effect.flatMap(
      pure(border, `launch of agent "${agent.id}"`, () => agent.launch(request)),
      (launch) => (launch instanceof Failure ? Effect.fail(launch) : Effect.succeed(launch)),
    ),
  decoder: (request) => decoderHandle(border, agent, request),
})

/**
 * A line that breaks the decoder is kept as text: vendors change, and an attempt is worth more than a line. One border for
 * a piece of output, not for each line: an agent may write millions of them.
 */
const feed = (
  border: Border,
  what: string,
  decoder: Decoder,
  lines: ReadonlyArray<string>,
  stream: "stdout" | "stderr",
): Effect.Effect<ReadonlyArray<AgentEvent>> =>
  Effect.suspend(() => {
    const events: Array<AgentEvent> = []
    let next = 0
    const rest = pure(border, what, () => {
      while (next < lines.length) events.push(...decoder.feed(lines[next++] ?? "", stream))
      return events
    })
    const goingOn: Effect.Effect<ReadonlyArray<AgentEvent>> = Effect.catch(rest, () => {
      events.push(output(lines[next - 1] ?? "", stream))
      return goingOn
    })
    return goingOn
  })

const decoderHandle = (border: Border, agent: ProgramAgent, request: AgentRequest) => {
  const what = `decoder of agent "${agent.id}"`
  return Effect.map(
    pure(border, what, () => agent.decoder(request)),
    (decoder): DecoderHandle => ({
      may_skip: decoder.may_skip ?? false,
      feed: (lines, stream) => feed(border, what, decoder, lines, stream),
      end: (exit) =>
        Effect.flatMap(
          pure(border, what, () => decoder.end(exit)),
          (answer) => (answer instanceof Failure ? Effect.fail(answer) : Effect.succeed(answer)),
        ),
    }),
  )
}

const streamOf = (border: Border, agent: StreamAgent, request: AgentRequest, host: AgentHost) =>
  Stream.suspend(() => agent.run(request, host)).pipe(
    Stream.catchCause((cause) =>
      Stream.unwrap(
        Effect.map(
          Effect.exit(failing(border, `agent "${agent.id}"`, () => Effect.failCause(cause))),
          (exit) =>
            exit._tag === "Failure"
              ? Stream.failCause(exit.cause)
              : Stream.fail(failureOf("crashed", `agent "${agent.id}" ended without a reason`)),
        ),
      ),
    ),
  )

const probeOf = (border: Border, agent: Agent) => {
  const { probe } = agent
  if (probe === undefined) return undefined
  const broken = (detail: string) => ({ installed: false, notes: [detail] })
  return quiet(
    border,
    `probe of agent "${agent.id}"`,
    () => Effect.flatMap(prober, probe),
    broken,
    border.limits.answer,
  )
}

/** What a probe may use, over the plugin's own `Processes`. */
export const prober: Effect.Effect<Prober, never, Processes> = Effect.map(Processes, (processes) => ({
  which: processes.which,
  run: (program, args) => processes.run({ program, args, cwd: tmpdir() }, { timeout: "5 seconds" }),
  ...Installed.look,
}))

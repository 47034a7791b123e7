/** What is checked, and how it is asked: a plugin's own agent, or one behind the hub's border. */
import { Effect } from "effect"
import type { AgentEvent, AgentRequest, Answer, Launch, ProgramAgent } from "../../plugin/Agent.ts"
import { Failure } from "../../plugin/Failure.ts"
import type { Exit, Supervisor } from "../../services/Supervisor.ts"

export interface Check {
  readonly name: string
  readonly run: Effect.Effect<void, unknown, Supervisor>
}

/** A recorded stream. Its name says how it ends: `ok-….jsonl` with an answer, `rate_limited-….jsonl` with that failure. */
export interface Recording {
  readonly name: string
  readonly text: string
}

/** The agent as the suite asks it: a plugin's own, or one behind the hub's border. */
export interface Subject {
  readonly id: string
  readonly program?: string | undefined
  readonly launch: (request: AgentRequest) => Effect.Effect<Launch, Failure>
  /** Feeds the lines to a fresh decoder, then ends it. */
  readonly decode: (
    request: AgentRequest,
    lines: ReadonlyArray<string>,
    exit: Exit,
  ) => Effect.Effect<{ readonly events: ReadonlyArray<AgentEvent>; readonly end: Answer | Failure }, Failure>
}

/** A plugin's own agent, without the hub's border. */
export const subjectOf = (agent: ProgramAgent): Subject => ({
  id: agent.id,
  program: agent.program,
  launch: (request) => Effect.suspend(() => result(agent.launch(request))),
  decode: (request, lines, exit) =>
    Effect.sync(() => {
      const decoder = agent.decoder(request)
      const events = lines.flatMap((line) => decoder.feed(line, "stdout"))
      return { events, end: decoder.end(exit) }
    }),
})

const result = <A>(value: A | Failure): Effect.Effect<A, Failure> =>
  value instanceof Failure ? Effect.fail(value) : Effect.succeed(value)

export const exited = (code: number | null, signal: string | null = null): Exit => ({
  code,
  signal,
  timed_out: false,
  lost: false,
  ended_at: 0,
})

/** What every adapter of a program must stand: odd requests, odd output, odd ends. Pure, but for a real process in the agent's place. */
import { Effect } from "effect"
import type { ProgramAgent } from "../plugin/Agent.ts"
import { decoding } from "./agent/decoding.ts"
import { launching } from "./agent/launching.ts"
import { starting } from "./agent/starting.ts"
import { type Check, type Recording, type Subject, subjectOf } from "./agent/Subject.ts"
import { test } from "./collect.ts"

export type { Check, Recording, Subject }

/** Registers the suite for one agent; `layer` from the hub's own rooms gives the processes. */
export const agentSuite = (agent: ProgramAgent, recordings: ReadonlyArray<Recording> = []): void => {
  for (const check of agentChecks(subjectOf(agent), recordings))
    test(`${agent.id}: ${check.name}`, async () => {
      const { layer } = await import("../live/Supervisor.ts")
      return Effect.runPromise(Effect.provide(check.run, layer))
    })
}

export const agentChecks = (agent: Subject, recordings: ReadonlyArray<Recording>): ReadonlyArray<Check> => [
  ...launching(agent),
  ...decoding(agent, recordings),
  ...starting(agent),
]

/** What the agents of a run may do: no more than the agents of the run that asked for it. */
import { Effect } from "effect"
import { type Permission, permissions } from "../plugin/Agent.ts"
import * as Failure from "../plugin/Failure.ts"
import type { AgentCall } from "../plugin/Step.ts"
import type { AttemptRow, RunRow } from "./Rows.ts"

const rank = (permission: Permission) => permissions.indexOf(permission)

/** An agent at its own default may do what its owner set; that nothing stops it is never taken for granted. */
const standard: Permission = "auto"

/** The most that a run may do which comes from this one: any of its agents that work now may have asked. */
export const passedOn = (
  { permission }: Pick<RunRow, "permission">,
  attempts: ReadonlyArray<Pick<AttemptRow, "kind" | "permission" | "state">>,
): Permission | undefined =>
  attempts
    .filter(({ kind, state }) => kind === "agent" && state === "running")
    .map((attempt) => attempt.permission ?? standard)
    .concat(permission ?? [])
    .toSorted((a, b) => rank(a) - rank(b))[0]

/** What the call asks for; less where that is above `most`. Fails when the agent cannot do with less. */
export const held = (
  call: AgentCall,
  most: Permission | undefined,
  able: ReadonlyArray<Permission> = [],
): Effect.Effect<AgentCall, Failure.Failure> => {
  if (most === undefined || rank(call.permission ?? standard) <= rank(most)) return Effect.succeed(call)
  const permission = permissions.findLast((one) => rank(one) <= rank(most) && able.includes(one))
  return permission === undefined
    ? Effect.fail(unable(call.agent, most))
    : Effect.succeed({ ...call, permission })
}

const unable = (agent: string, most: Permission) =>
  Failure.of(
    "adapter_mismatch",
    `Agent "${agent}" has no permission mode up to "${most}", which is the most that the run which asked for this one may pass on.`,
  )

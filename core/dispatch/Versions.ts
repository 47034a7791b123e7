/** A program that its adapter does not fit: which version is installed, and which the adapter was made with. */
import { Effect } from "effect"
import type { ProgramAgentHandle } from "../plugin/Catalogue.ts"
import { Failure } from "../plugin/Failure.ts"
import type { Outcome } from "./Outcome.ts"

export const named = (
  { probe }: Pick<ProgramAgentHandle, "probe">,
  outcome: Outcome,
): Effect.Effect<Outcome> => {
  const { result } = outcome
  if (!("failure" in result) || result.failure.class !== "adapter_mismatch" || probe === undefined)
    return Effect.succeed(outcome)
  return Effect.map(probe, ({ seen, version }) => {
    if (seen === undefined) return outcome
    const { facts } = result.failure
    const message = `${facts.message} Installed is ${version ?? "an unknown version"}, the adapter was made with ${seen}: see \`hub doctor agents\`.`
    return { ...outcome, result: { failure: new Failure({ ...facts, message }) } }
  })
}

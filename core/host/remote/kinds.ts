/** Steps, conditions, sinks and checks of a plugin behind a wire. */
import { Effect } from "effect"
import type { ConditionHandle, DoctorHandle, SinkHandle, StepHandle } from "../../plugin/Catalogue.ts"
import type { Finding } from "../../plugin/Plugin.ts"
import type { StepContext } from "../../plugin/Step.ts"
import { quiet } from "../Border.ts"
import type { Offer } from "../Offer.ts"
import { fromJson, Replies } from "../Wire.ts"
import { type Far, failingCall, meant } from "./answers.ts"

type One<K extends keyof Offer> = NonNullable<Offer[K]>[number]

export const step = (far: Far, { config, summary, type }: One<"steps">): StepHandle => ({
  plugin: far.border.plugin,
  type,
  summary,
  config: fromJson(config),
  steps: () => [],
  templates: () => [],
  run: (given, context) =>
    far.remote.withStep(context, (call) =>
      failingCall(
        far,
        `step kind "${type}"`,
        far.remote.call("step.run", { type, config: given, call, context: factsOf(context) }),
        Replies.step,
      ),
    ),
})

const factsOf = ({ cwd, id, input, project, run_id }: StepContext) => ({ cwd, id, input, project, run_id })

export const condition = (far: Far, { config, id, summary }: One<"conditions">): ConditionHandle => ({
  plugin: far.border.plugin,
  id,
  summary,
  config: fromJson(config),
  holds: (given, context) =>
    failingCall(
      far,
      `condition "${id}"`,
      far.remote.call("condition.holds", { condition: id, config: given, context }, far.border.limits.answer),
      Replies.verdict,
    ),
})

export const sink = ({ border, remote }: Far, { id, summary, types }: One<"sinks">): SinkHandle => ({
  plugin: border.plugin,
  id,
  summary,
  types,
  receive: (event) =>
    quiet(
      border,
      `sink "${id}"`,
      () => {
        const received = remote.call("sink.receive", { sink: id, event }, border.limits.answer)
        return Effect.asVoid(meant(received, Replies.anything))
      },
      () => undefined,
    ),
})

export const check = ({ border, remote }: Far, { id, summary }: One<"doctor">): DoctorHandle => ({
  plugin: border.plugin,
  id,
  summary,
  check: quiet<ReadonlyArray<Finding>>(
    border,
    `check "${id}"`,
    () => meant(remote.call("doctor.check", { check: id }, border.limits.answer), Replies.findings),
    (text) => [{ level: "error", text }],
  ),
})

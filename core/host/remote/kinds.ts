/** What a plugin behind a wire contributes besides agents. */
import { Effect } from "effect"
import type {
  ConditionHandle,
  DoctorHandle,
  OperationHandle,
  PromptHandle,
  ResourceHandle,
  SinkHandle,
  StepHandle,
} from "../../plugin/Catalogue.ts"
import { implied } from "../../plugin/Operation.ts"
import type { Finding } from "../../plugin/Plugin.ts"
import type { StepContext } from "../../plugin/Step.ts"
import { quiet } from "../Border.ts"
import { fromJson, type Offer, Replies } from "../Wire.ts"
import { type Far, failingCall, meant, operatingCall } from "./answers.ts"

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

export const operation = (far: Far, operation: One<"operations">): OperationHandle => ({
  plugin: far.border.plugin,
  name: operation.name,
  title: operation.title,
  summary: operation.summary,
  input: fromJson(operation.input),
  output: fromJson(operation.output),
  readonly: operation.readonly,
  ...implied(operation),
  doors: operation.doors,
  long: operation.long,
  input_schema: operation.input_schema,
  cli: operation.cli,
  print: undefined,
  content: undefined,
  run: (input, caller) =>
    operatingCall(
      far,
      `operation "${operation.name}"`,
      far.remote.call(
        "operation.run",
        { operation: operation.name, input, caller },
        far.border.limits.operation,
      ),
      Replies.anything,
    ),
})

export const resource = (far: Far, resource: One<"resources">): ResourceHandle => ({
  plugin: far.border.plugin,
  title: undefined,
  changes: undefined,
  complete: undefined,
  ...resource,
  read: (variables, caller) =>
    operatingCall(
      far,
      `resource "${resource.uri}"`,
      far.remote.call("resource.read", { uri: resource.uri, variables, caller }, far.border.limits.answer),
      Replies.text,
    ),
})

export const prompt = (far: Far, prompt: One<"prompts">): PromptHandle => ({
  plugin: far.border.plugin,
  name: prompt.name,
  title: undefined,
  complete: undefined,
  summary: prompt.summary,
  arguments: fromJson(prompt.arguments),
  render: (args) =>
    operatingCall(
      far,
      `prompt "${prompt.name}"`,
      far.remote.call("prompt.render", { prompt: prompt.name, arguments: args }, far.border.limits.answer),
      Replies.text,
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

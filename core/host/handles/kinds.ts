/** What a plugin inside the hub contributes besides agents. */
import type {
  ConditionHandle,
  DoctorHandle,
  OperationHandle,
  PromptHandle,
  ResourceHandle,
  RouteHandle,
  SinkHandle,
  StepHandle,
} from "../../plugin/Catalogue.ts"
import type { Contributions } from "../../plugin/Plugin.ts"
import { type Border, failing, operating, quiet } from "../Border.ts"

type One<K extends keyof Contributions> = NonNullable<Contributions[K]>[number]

export const step = (border: Border, kind: One<"steps">): StepHandle => ({
  plugin: border.plugin,
  type: kind.type,
  summary: kind.summary,
  config: kind.config as never,
  steps: (config) => kind.steps?.(config) ?? [],
  templates: (config) => kind.templates?.(config) ?? [],
  run: (config, context) => failing(border, `step kind "${kind.type}"`, () => kind.run(config, context)),
})

export const condition = (border: Border, condition: One<"conditions">): ConditionHandle => ({
  plugin: border.plugin,
  id: condition.id,
  summary: condition.summary,
  config: condition.config as never,
  holds: (config, context) =>
    failing(
      border,
      `condition "${condition.id}"`,
      () => condition.holds(config, context),
      border.limits.answer,
    ),
})

export const operation = (border: Border, operation: One<"operations">): OperationHandle => ({
  plugin: border.plugin,
  name: operation.name,
  title: operation.title,
  summary: operation.summary,
  input: operation.input as never,
  output: operation.output as never,
  readonly: operation.readonly,
  destructive: operation.destructive ?? false,
  cli: operation.cli,
  print: operation.print,
  run: (input, caller) =>
    operating(
      border,
      `operation "${operation.name}"`,
      () => operation.run(input, caller),
      border.limits.operation,
    ),
})

export const resource = (border: Border, resource: One<"resources">): ResourceHandle => ({
  plugin: border.plugin,
  uri: resource.uri,
  name: resource.name,
  summary: resource.summary,
  mime: resource.mime,
  read: (variables, caller) =>
    operating(
      border,
      `resource "${resource.uri}"`,
      () => resource.read(variables, caller),
      border.limits.answer,
    ),
})

export const prompt = (border: Border, prompt: One<"prompts">): PromptHandle => ({
  plugin: border.plugin,
  name: prompt.name,
  summary: prompt.summary,
  arguments: prompt.arguments as never,
  render: (args) =>
    operating(border, `prompt "${prompt.name}"`, () => prompt.render(args), border.limits.answer),
})

export const route = (border: Border, route: One<"routes">): RouteHandle => ({
  plugin: border.plugin,
  method: route.method,
  path: route.path,
  summary: route.summary,
  handle: (request, caller) =>
    quiet(
      border,
      `route ${route.method} ${route.path}`,
      () => route.handle(request, caller),
      (detail) => new Response(detail, { status: 500 }),
    ),
})

export const sink = (border: Border, sink: One<"sinks">): SinkHandle => ({
  plugin: border.plugin,
  id: sink.id,
  summary: sink.summary,
  types: sink.types,
  receive: (event) =>
    quiet(
      border,
      `sink "${sink.id}"`,
      () => sink.receive(event),
      () => undefined,
      border.limits.answer,
    ),
})

export const check = (border: Border, check: One<"doctor">): DoctorHandle => ({
  plugin: border.plugin,
  id: check.id,
  summary: check.summary,
  check: quiet(
    border,
    `check "${check.id}"`,
    () => check.check,
    (text) => [{ level: "error" as const, text }],
    border.limits.answer,
  ),
})

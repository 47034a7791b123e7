/** What a plugin inside the hub contributes besides agents. */
import { Effect, Stream } from "effect"
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
import { implied } from "../../plugin/Operation.ts"
import type { Contributions, PluginServices } from "../../plugin/Plugin.ts"
import { type Border, failing, operating, quiet } from "../Border.ts"

type One<K extends Exclude<keyof Contributions, "changes">> = NonNullable<Contributions[K]>[number]

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
  ...implied(operation),
  doors: operation.doors,
  long: operation.long,
  input_schema: operation.input_schema,
  cli: operation.cli,
  print: operation.print,
  content: operation.content,
  run: (input, caller, talk) =>
    operating(
      border,
      `operation "${operation.name}"`,
      () => operation.run(input, caller, talk),
      border.limits.operation,
    ),
})

export const resource = (border: Border, resource: One<"resources">): ResourceHandle => ({
  plugin: border.plugin,
  uri: resource.uri,
  name: resource.name,
  title: resource.title,
  summary: resource.summary,
  mime: resource.mime,
  read: (variables, caller, talk) =>
    operating(
      border,
      `resource "${resource.uri}"`,
      () => resource.read(variables, caller, talk),
      border.limits.answer,
    ),
  changes: changesOf(border, resource),
  complete: completing(border, `completion of resource "${resource.uri}"`, resource.complete),
})

const changesOf = (border: Border, { changes, uri }: One<"resources">): ResourceHandle["changes"] =>
  changes === undefined
    ? undefined
    : (variables) =>
        endingQuietly(
          border,
          `changes of resource "${uri}"`,
          Stream.provideContext(
            Stream.suspend(() => changes(variables)),
            border.services,
          ),
        )

/** A stream that breaks ends: a subscriber then hears of no more changes. */
export const endingQuietly = <A>(border: Border, what: string, stream: Stream.Stream<A>): Stream.Stream<A> =>
  Stream.catchCause(stream, (cause) =>
    Stream.fromEffectDrain(
      quiet(
        border,
        what,
        () => Effect.failCause(cause),
        () => undefined,
      ),
    ),
  )

/** What cannot be completed has no completions. */
const completing = <A extends ReadonlyArray<unknown>>(
  border: Border,
  what: string,
  complete: ((...args: A) => Effect.Effect<ReadonlyArray<string>, never, PluginServices>) | undefined,
) =>
  complete === undefined
    ? undefined
    : (...args: A) =>
        quiet<ReadonlyArray<string>, PluginServices>(
          border,
          what,
          () => complete(...args),
          () => [],
          border.limits.answer,
        )

export const prompt = (border: Border, prompt: One<"prompts">): PromptHandle => ({
  plugin: border.plugin,
  name: prompt.name,
  title: prompt.title,
  summary: prompt.summary,
  arguments: prompt.arguments as never,
  render: (args, talk) =>
    operating(border, `prompt "${prompt.name}"`, () => prompt.render(args, talk), border.limits.answer),
  complete: completing(border, `completion of prompt "${prompt.name}"`, prompt.complete),
})

export const route = (border: Border, route: One<"routes">): RouteHandle => ({
  plugin: border.plugin,
  method: route.method,
  path: route.path,
  summary: route.summary,
  handle: (request, caller, params) =>
    quiet(
      border,
      `route ${route.method} ${route.path}`,
      () => route.handle(request, caller, params),
      () => brokenRoute(border.plugin),
    ),
})

/** What broke is in the log; whoever asked may be anyone. */
export const brokenRoute = (plugin: string): Response => {
  const message = `The plugin "${plugin}" broke. The hub's log says why.`
  return Response.json({ error: { code: "internal", message } }, { status: 500 })
}

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

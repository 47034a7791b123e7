/** One plugin's contributions as the rest of the hub uses them: services given, errors kept inside. */
import { tmpdir } from "node:os"
import { Effect, Stream } from "effect"
import type {
  Agent,
  AgentEvent,
  AgentRequest,
  Decoder,
  Prober,
  ProgramAgent,
  StreamAgent,
} from "../plugin/Agent.ts"
import { output } from "../plugin/Agent.ts"
import type {
  AgentHandle,
  ConditionHandle,
  DecoderHandle,
  DoctorHandle,
  OperationHandle,
  ProgramAgentHandle,
  PromptHandle,
  ResourceHandle,
  RouteHandle,
  SinkHandle,
  StepHandle,
} from "../plugin/Catalogue.ts"
import { Failure, of as failureOf } from "../plugin/Failure.ts"
import type { Contributions } from "../plugin/Plugin.ts"
import { Processes } from "../services/Processes.ts"
import { type Border, failing, operating, pure, quiet } from "./Border.ts"

/** What one plugin, or core, puts into the catalogue. */
export interface Handles {
  readonly agents: ReadonlyArray<AgentHandle>
  readonly steps: ReadonlyArray<StepHandle>
  readonly conditions: ReadonlyArray<ConditionHandle>
  readonly operations: ReadonlyArray<OperationHandle>
  readonly resources: ReadonlyArray<ResourceHandle>
  readonly prompts: ReadonlyArray<PromptHandle>
  readonly routes: ReadonlyArray<RouteHandle>
  readonly sinks: ReadonlyArray<SinkHandle>
  readonly doctor: ReadonlyArray<DoctorHandle>
}

export const none: Handles = {
  agents: [],
  steps: [],
  conditions: [],
  operations: [],
  resources: [],
  prompts: [],
  routes: [],
  sinks: [],
  doctor: [],
}

/** Puts the border around every function of the contributions. */
export const bind = (border: Border, contributions: Contributions): Handles => {
  const { plugin } = border
  return {
    agents: (contributions.agents ?? []).map((agent) => agentHandle(border, agent)),
    steps: (contributions.steps ?? []).map((kind) => ({
      plugin,
      type: kind.type,
      summary: kind.summary,
      config: kind.config as never,
      steps: (config) => kind.steps?.(config) ?? [],
      templates: (config) => kind.templates?.(config) ?? [],
      run: (config, context) => failing(border, `step kind "${kind.type}"`, () => kind.run(config, context)),
    })),
    conditions: (contributions.conditions ?? []).map((condition) => ({
      plugin,
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
    })),
    operations: (contributions.operations ?? []).map((operation) => ({
      plugin,
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
    })),
    resources: (contributions.resources ?? []).map((resource) => ({
      plugin,
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
    })),
    prompts: (contributions.prompts ?? []).map((prompt) => ({
      plugin,
      name: prompt.name,
      summary: prompt.summary,
      arguments: prompt.arguments as never,
      render: (args) =>
        operating(border, `prompt "${prompt.name}"`, () => prompt.render(args), border.limits.answer),
    })),
    routes: (contributions.routes ?? []).map((route) => ({
      plugin,
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
    })),
    sinks: (contributions.sinks ?? []).map((sink) => ({
      plugin,
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
    })),
    doctor: (contributions.doctor ?? []).map((check) => ({
      plugin,
      id: check.id,
      summary: check.summary,
      check: quiet(
        border,
        `check "${check.id}"`,
        () => check.check,
        (text) => [{ level: "error" as const, text }],
        border.limits.answer,
      ),
    })),
  }
}

const agentHandle = (border: Border, agent: Agent): AgentHandle => {
  const common = {
    plugin: border.plugin,
    id: agent.id,
    summary: agent.summary,
    supports: agent.supports,
    probe: probeOf(border, agent),
  }
  return agent.kind === "program"
    ? programHandle(border, agent, common)
    : { ...common, kind: "stream", run: (request) => streamOf(border, agent, request) }
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

const streamOf = (border: Border, agent: StreamAgent, request: AgentRequest) =>
  Stream.suspend(() => agent.run(request)).pipe(
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
  run: (program, args) => processes.run({ program, args, cwd: tmpdir() }),
}))

/** `{ agents: ["acme"] }`, as `hub plugins` shows it. */
export const idsOf = (handles: Handles): Record<string, ReadonlyArray<string>> =>
  Object.fromEntries(
    Object.entries({
      agents: handles.agents.map(({ id }) => id),
      steps: handles.steps.map(({ type }) => type),
      conditions: handles.conditions.map(({ id }) => id),
      operations: handles.operations.map(({ name }) => name),
      resources: handles.resources.map(({ uri }) => uri),
      prompts: handles.prompts.map(({ name }) => name),
      routes: handles.routes.map(({ method, path }) => `${method} ${path}`),
      sinks: handles.sinks.map(({ id }) => id),
      doctor: handles.doctor.map(({ id }) => id),
    }).filter(([, ids]) => ids.length > 0),
  )

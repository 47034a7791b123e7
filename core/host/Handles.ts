/** One plugin's contributions as the rest of the hub uses them: services given, errors kept inside. */
import type {
  AgentHandle,
  ConditionHandle,
  DoctorHandle,
  OperationHandle,
  PromptHandle,
  ResourceHandle,
  RouteHandle,
  SinkHandle,
  StepHandle,
} from "../plugin/Catalogue.ts"
import type { Contributions } from "../plugin/Plugin.ts"
import type { Border } from "./Border.ts"
import { agentHandle } from "./handles/agents.ts"
import * as Kinds from "./handles/kinds.ts"

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
export const bind = (border: Border, given: Contributions): Handles => ({
  agents: (given.agents ?? []).map((agent) => agentHandle(border, agent)),
  steps: (given.steps ?? []).map((kind) => Kinds.step(border, kind)),
  conditions: (given.conditions ?? []).map((condition) => Kinds.condition(border, condition)),
  operations: (given.operations ?? []).map((operation) => Kinds.operation(border, operation)),
  resources: (given.resources ?? []).map((resource) => Kinds.resource(border, resource)),
  prompts: (given.prompts ?? []).map((prompt) => Kinds.prompt(border, prompt)),
  routes: (given.routes ?? []).map((route) => Kinds.route(border, route)),
  sinks: (given.sinks ?? []).map((sink) => Kinds.sink(border, sink)),
  doctor: (given.doctor ?? []).map((check) => Kinds.check(border, check)),
})

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

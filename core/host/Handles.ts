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
export const bind = (border: Border, given: Contributions): Handles => binder(border)(given)

/** The same for one plugin again and again: what it contributes still keeps its handle. */
export const binder = (border: Border): ((given: Contributions) => Handles) => {
  const kept = new WeakMap<object, unknown>()
  const all = <A extends object, H>(
    items: ReadonlyArray<A> | undefined,
    make: (border: Border, item: A) => H,
  ) =>
    (items ?? []).map((item) => {
      if (!kept.has(item)) kept.set(item, make(border, item))
      return kept.get(item) as H
    })
  return (given) => ({
    agents: all(given.agents, agentHandle),
    steps: all(given.steps, Kinds.step),
    conditions: all(given.conditions, Kinds.condition),
    operations: all(given.operations, Kinds.operation),
    resources: all(given.resources, Kinds.resource),
    prompts: all(given.prompts, Kinds.prompt),
    routes: all(given.routes, Kinds.route),
    sinks: all(given.sinks, Kinds.sink),
    doctor: all(given.doctor, Kinds.check),
  })
}

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

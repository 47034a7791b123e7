/** Which step runs which: cycles, depth, what is reached, and what can have run before what. */
import type { StepReference } from "../plugin/Step.ts"

/** A step as far as the graph cares. */
export interface Node {
  readonly id: string
  readonly type: string
  readonly references: ReadonlyArray<StepReference>
}

export interface Nodes {
  readonly run: ReadonlyArray<StepReference>
  readonly steps: ReadonlyMap<string, Node>
}

export interface Cycle {
  /** The step whose reference closes it. */
  readonly step: string
  readonly reference: StepReference
  /** From a step to itself. */
  readonly path: ReadonlyArray<string>
}

/** References to steps that exist. */
const below = (nodes: Nodes, id: string): ReadonlyArray<StepReference> =>
  nodes.steps.get(id)?.references.filter(({ step }) => nodes.steps.has(step)) ?? []

/** Each reference that leads back to a step above it. */
export const cycles = (nodes: Nodes): ReadonlyArray<Cycle> => {
  const found: Array<Cycle> = []
  const done = new Set<string>()
  const walk = (id: string, above: ReadonlyArray<string>): void => {
    const path = [...above, id]
    for (const reference of below(nodes, id)) {
      const from = path.indexOf(reference.step)
      if (from >= 0) found.push({ step: id, reference, path: [...path.slice(from), reference.step] })
      else if (!done.has(reference.step)) walk(reference.step, path)
    }
    done.add(id)
  }
  for (const id of nodes.steps.keys()) if (!done.has(id)) walk(id, [])
  return found
}

/** Everything that `run` leads to. */
export const reached = (nodes: Nodes): ReadonlySet<string> => {
  const found = new Set<string>()
  const open = nodes.run.map(({ step }) => step).filter((step) => nodes.steps.has(step))
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue
    found.add(id)
    open.push(...below(nodes, id).map(({ step }) => step))
  }
  return found
}

/** The steps below a step, itself left out. Only for graphs without cycles. */
export const descendants = (nodes: Nodes): ((id: string) => ReadonlySet<string>) => {
  const known = new Map<string, ReadonlySet<string>>()
  const of = (id: string): ReadonlySet<string> => {
    const before = known.get(id)
    if (before !== undefined) return before
    const found = new Set(below(nodes, id).flatMap(({ step }) => [step, ...of(step)]))
    known.set(id, found)
    return found
  }
  return of
}

/** Steps one inside the other: 1 for a step that runs no other. Only for graphs without cycles. */
export const depth = (nodes: Nodes): ((id: string) => number) =>
  summed(nodes, (parts) => 1 + Math.max(0, ...parts))

/** How many steps run at most, a loop counted once. Only for graphs without cycles. */
export const size = (nodes: Nodes): ((id: string) => number) =>
  summed(nodes, (parts) => parts.reduce((sum, part) => sum + part, 1))

const summed = (nodes: Nodes, sum: (parts: ReadonlyArray<number>) => number) => {
  const known = new Map<string, number>()
  const of = (id: string): number => {
    const before = known.get(id)
    if (before !== undefined) return before
    const total = sum(below(nodes, id).map(({ step }) => of(step)))
    known.set(id, total)
    return total
  }
  return of
}

/** For each step, the steps that can have ended before it starts. Only for graphs without cycles. */
export const before = (nodes: Nodes): ReadonlyMap<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>([...nodes.steps.keys()].map((id) => [id, new Set()]))
  const inside = descendants(nodes)
  const whole = ({ step }: StepReference) => [step, ...inside(step)]
  const add = (id: string, more: Iterable<string>) => {
    for (const one of more) found.get(id)?.add(one)
  }
  const inOrder = (references: ReadonlyArray<StepReference>, start: Iterable<string>) => {
    const ended = new Set(start)
    for (const reference of references) {
      add(reference.step, ended)
      for (const one of whole(reference)) ended.add(one)
    }
  }
  inOrder(
    nodes.run.filter(({ step }) => nodes.steps.has(step)),
    [],
  )
  for (const id of topological(nodes)) {
    const references = below(nodes, id)
    const start = found.get(id) ?? new Set()
    const type = nodes.steps.get(id)?.type ?? ""
    if (SIDE_BY_SIDE.has(type)) for (const { step } of references) add(step, start)
    else if (type === "loop")
      for (const { step } of references) add(step, [...start, ...references.flatMap(whole)])
    else inOrder(references, start)
  }
  return found
}

/** Kinds whose steps do not wait for each other, or of which one runs. */
const SIDE_BY_SIDE: ReadonlySet<string> = new Set(["parallel", "switch"])

/** Each step before those that it runs. */
const topological = (nodes: Nodes): ReadonlyArray<string> => {
  const order: Array<string> = []
  const seen = new Set<string>()
  const walk = (id: string): void => {
    if (seen.has(id)) return
    seen.add(id)
    for (const { step } of below(nodes, id)) walk(step)
    order.push(id)
  }
  for (const id of nodes.steps.keys()) walk(id)
  return order.toReversed()
}

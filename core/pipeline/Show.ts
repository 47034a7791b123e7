/** A plan to look at: a tree for the terminal, a flowchart for a page. */
import { label, nestedPlan, short } from "./Label.ts"
import type { Plan, PlanStep } from "./Plan.ts"

const MAX_LINES = 1_000

/** Each step under the one that runs it. A step that is met again is not opened again. */
export const tree = (plan: Plan): string => {
  const lines = [plan.description === "" ? plan.id : `${plan.id}: ${short(plan.description)}`]
  branch(lines, new Set(), plan, plan.run, "")
  if (lines.length <= MAX_LINES) return lines.join("\n")
  return [...lines.slice(0, MAX_LINES), `… and ${lines.length - MAX_LINES} more lines`].join("\n")
}

const branch = (
  lines: Array<string>,
  seen: Set<PlanStep>,
  plan: Plan,
  ids: ReadonlyArray<string>,
  indent: string,
) => {
  const steps = ids.map((id) => plan.steps.get(id)).filter((step) => step !== undefined)
  for (const [index, step] of steps.entries()) {
    const last = index === steps.length - 1
    const inner = innerOf(plan, step)
    const again = seen.has(step) && inner.ids.length > 0
    seen.add(step)
    lines.push(`${indent}${last ? "└─ " : "├─ "}${step.id}  ${label(step)}${again ? "  (see above)" : ""}`)
    if (!again) branch(lines, seen, inner.plan, inner.ids, indent + (last ? "   " : "│  "))
  }
}

const innerOf = (plan: Plan, step: PlanStep) => {
  const nested = nestedPlan(plan, step)
  if (nested !== undefined) return { plan: nested, ids: nested.run }
  const ids = step.kind.steps(step.config).map((reference) => reference.step)
  return { plan, ids: [...new Set(ids)] }
}

/** Mermaid: solid arrows for the order of `run`, dotted ones for the steps inside a step, named by the key they stand at. */
export const mermaid = (plan: Plan): string => {
  const chart: Chart = { lines: [], names: new Map() }
  flow(chart, plan, "start", plan.id)
  return ["flowchart TD", ...chart.lines.map((line) => `  ${line}`)].join("\n")
}

interface Chart {
  readonly lines: Array<string>
  readonly names: Map<PlanStep, string>
}

/** Draws a plan below the node `from`, once. */
const flow = (chart: Chart, plan: Plan, from: string, title: string): void => {
  chart.lines.push(`${from}([${quoted(title)}])`)
  let before = from
  for (const id of plan.run) {
    const step = plan.steps.get(id)
    if (step === undefined) continue
    const name = node(chart, plan, step)
    chart.lines.push(`${before} --> ${name}`)
    before = name
  }
}

const node = (chart: Chart, plan: Plan, step: PlanStep): string => {
  const known = chart.names.get(step)
  if (known !== undefined) return known
  const name = `n${chart.names.size}`
  chart.names.set(step, name)
  chart.lines.push(`${name}[${quoted(`${step.id}: ${label(step)}`)}]`)
  for (const { at, step: id } of step.kind.steps(step.config)) {
    const inner = plan.steps.get(id)
    if (inner !== undefined)
      chart.lines.push(`${name} -. ${quoted(at.join(" "))} .-> ${node(chart, plan, inner)}`)
  }
  const nested = nestedPlan(plan, step)
  if (nested !== undefined) {
    chart.lines.push(`${name} -.-> ${name}p`)
    flow(chart, nested, `${name}p`, nested.id)
  }
  return name
}

const ENTITIES: Readonly<Record<string, string>> = {
  '"': "#quot;",
  "#": "#35;",
  "<": "#lt;",
  ">": "#gt;",
  "&": "#amp;",
}

const quoted = (text: string) => `"${short(text).replace(/["#<>&]/g, (one) => ENTITIES[one] ?? one)}"`

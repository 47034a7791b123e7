/** A step in a few words. */
import { Predicate } from "effect"
import type { Catalogue } from "../plugin/Catalogue.ts"
import type { Plan, PlanStep, When } from "./Plan.ts"

type Table = Readonly<Record<string, unknown>>

/** The config by key: kinds are known by their keys here, as they are in the file. */
export const configOf = (step: PlanStep): Table =>
  Predicate.isObject(step.config) && !Array.isArray(step.config) ? (step.config as Table) : {}

/** `agent claude, opus`, `verify npm test`, `loop up to 3 times`. */
export const label = (step: PlanStep): string => {
  const config = configOf(step)
  const detail = [DETAILS[step.type]?.(config) ?? "", modifiers(step)].filter((part) => part !== "")
  return [step.type, ...detail].join(" ")
}

const DETAILS: Readonly<Record<string, (config: Table) => string>> = {
  agent: ({ agent, model }) => [agent, model].filter(Predicate.isString).join(", "),
  verify: ({ command }) => (Array.isArray(command) ? short(command.join(" ")) : "answer against a schema"),
  pipeline: ({ pipeline }) => String(pipeline),
  loop: ({ times }) => `up to ${String(times)} times`,
  parallel: ({ need }) => (need === undefined ? "" : `need ${String(need)}`),
}

const modifiers = ({ modifiers: { when, retry } }: PlanStep): string => {
  const parts = [
    ...(when === undefined ? [] : [`when ${conditionsOf(when).join(", ")}`]),
    ...(retry === undefined ? [] : [`retry ${retry.times}`]),
  ]
  return parts.length === 0 ? "" : `(${parts.join("; ")})`
}

/** The conditions that a table asks, each once. */
export const conditionsOf = (when: When): ReadonlyArray<string> => {
  if (when.kind === "is") return [when.condition]
  const inner = when.kind === "not" ? [when.of] : when.of
  return [...new Set(inner.flatMap(conditionsOf))]
}

/** One line of at most 80 characters. */
export const short = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim()
  return line.length > 80 ? `${line.slice(0, 79)}…` : line
}

/** The plan that a step runs instead of steps. */
export const nestedPlan = (plan: Plan, step: PlanStep): Plan | undefined =>
  step.type === "pipeline" ? plan.pipelines.get(String(configOf(step)["pipeline"])) : undefined

export type Lookup = Pick<Catalogue, "agents" | "conditions">

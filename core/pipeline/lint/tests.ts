/** `[[test]]` tables: that they speak of agents, steps and inputs that exist. */
import { type Diagnostic, didYouMean, type Path } from "../../toml/Toml.ts"
import { type Draft, isTable, stringsAt } from "../Draft.ts"
import type { Plan } from "../Plan.ts"
import { error, keyError } from "../Problem.ts"
import { noStep } from "./references.ts"

interface Names {
  readonly steps: ReadonlyArray<string>
  readonly agents: ReadonlyArray<string>
  readonly verify: ReadonlyArray<string>
}

export const tests = (draft: Draft, pipelines: ReadonlyMap<string, Plan>): ReadonlyArray<Diagnostic> => {
  const list = draft.document.value["test"]
  if (!Array.isArray(list)) return []
  const names = namesOf(draft, [...pipelines.values()])
  return list.flatMap((table: unknown, index) =>
    isTable(table) ? test(draft, ["test", index], table, names) : [],
  )
}

const noAgent = (agent: string, known: ReadonlyArray<string>) =>
  `no step asks agent ${JSON.stringify(agent)}. ${didYouMean(agent, known)}`

const namesOf = (draft: Draft, nested: ReadonlyArray<Plan>): Names => {
  const own = [...draft.steps.values()]
  const inner = nested.flatMap((plan) => [...plan.steps.values()])
  const agents = [
    ...own.map(({ table }) => table["agent"]),
    ...inner.map(({ config }) => (isTable(config) ? config["agent"] : undefined)),
  ]
  const all = [...own, ...inner]
  return {
    steps: [...new Set(all.map(({ id }) => id))],
    agents: [...new Set(agents.filter((agent) => typeof agent === "string"))],
    verify: [...new Set(all.filter(({ type }) => type === "verify").map(({ id }) => id))],
  }
}

const test = (draft: Draft, path: Path, table: Readonly<Record<string, unknown>>, names: Names) => {
  const keys = (key: string, known: ReadonlyArray<string>, what: string) =>
    Object.keys(isTable(table[key]) ? table[key] : {})
      .filter((name) => !known.includes(name))
      .map((name) =>
        keyError(
          draft.document,
          [...path, key, name],
          `${what} ${JSON.stringify(name)}. ${didYouMean(name, known)}`,
        ),
      )
  const expect = isTable(table["expect"]) ? table["expect"] : {}
  const steps = (key: string) =>
    stringsAt(expect[key]).map(([index, step]) => ({ at: [...path, "expect", key, index], step }))
  const { answered_by } = expect
  const answered =
    typeof answered_by === "string" ? [{ at: [...path, "expect", "answered_by"], step: answered_by }] : []
  const cooling = stringsAt(table["cooling"]).filter(([, agent]) => !names.agents.includes(agent))
  return [
    ...cooling.map(([index, agent]) =>
      error(draft.document, [...path, "cooling", index], noAgent(agent, names.agents)),
    ),
    ...keys("agents", names.agents, "no step asks agent"),
    ...keys("commands", names.verify, "no verify step"),
    ...keys("input", [...draft.inputs.keys()], "no input"),
    ...[...steps("tried"), ...steps("skipped"), ...answered]
      .filter(({ step }) => !names.steps.includes(step.split("/").at(-1) ?? ""))
      .map(({ at, step }) => error(draft.document, at, noStep(step, names.steps))),
  ]
}

/** Agent steps: that the agent exists and can do what it is asked. */
import { Predicate } from "effect"
import type { AgentHandle } from "../../plugin/Catalogue.ts"
import { type Diagnostic, didYouMean } from "../../toml/Toml.ts"
import type { Catalogued, Draft, DraftStep } from "../Draft.ts"
import * as Graph from "../Graph.ts"
import { error } from "../Problem.ts"
import * as Session from "../Session.ts"
import { noStep } from "./references.ts"

export const agents = (draft: Draft, { agents: known }: Catalogued): ReadonlyArray<Diagnostic> => {
  const order = orderOf(draft)
  const steps = [...draft.steps.values()].filter(({ type }) => type === "agent")
  return steps.flatMap((step) => {
    const { agent } = step.table
    if (!Predicate.isString(agent)) return []
    const handle = known.get(agent)
    if (handle !== undefined) return [...asked(draft, step, handle), ...session(draft, step, handle, order)]
    const message = `no agent ${JSON.stringify(agent)}. ${didYouMean(agent, [...known.keys()].sort())}`
    return [wrong(draft, step, "agent", message)]
  })
}

/** Can the second step have ended before the first starts? Steps that never run, or run in circles, are no matter here. */
type Order = (step: string, from: string) => boolean

const orderOf = (draft: Draft): Order => {
  if (Graph.cycles(draft).length > 0) return () => true
  const reached = Graph.reached(draft)
  const before = Graph.before(draft)
  return (step, from) => !reached.has(step) || before.get(step)?.has(from) === true
}

const wrong = (draft: Draft, { id }: DraftStep, key: string, message: string) =>
  error(draft.document, ["step", id, key], message)

const asked = (draft: Draft, step: DraftStep, { id, supports }: AgentHandle) => {
  const { table } = step
  const unable = (key: string, able: boolean | undefined, what: string) =>
    table[key] === undefined || able === true ? [] : [wrong(draft, step, key, `agent "${id}" cannot ${what}`)]
  return [
    ...unable("model", supports.model, "be given a model"),
    ...unable("system", supports.system_prompt, "be given a system prompt"),
    ...unable("output_schema", supports.output_schema, "be held to an output schema"),
    ...permission(draft, step, id, supports.permission ?? []),
  ]
}

const permission = (draft: Draft, step: DraftStep, id: string, able: ReadonlyArray<string>) => {
  const { permission: wanted } = step.table
  if (!Predicate.isString(wanted) || able.includes(wanted)) return []
  const can = able.length === 0 ? "It takes none" : `It takes ${able.join(", ")}`
  return [
    wrong(
      draft,
      step,
      "permission",
      `agent "${id}" cannot work with permission ${JSON.stringify(wanted)}. ${can}`,
    ),
  ]
}

const session = (draft: Draft, step: DraftStep, { id, supports }: AgentHandle, order: Order) => {
  const { session: wanted } = step.table
  const branching = branches(draft, step, id, supports.fork === true)
  if (!Predicate.isString(wanted) || wanted === "new") return branching
  if (supports.resume !== true)
    return [wrong(draft, step, "session", `agent "${id}" cannot go on with a session`), ...branching]
  if (Session.idIn(wanted) === "")
    return [wrong(draft, step, "session", "has no id behind `id:`"), ...branching]
  const isOther = wanted !== "continue" && Session.idIn(wanted) === undefined
  return [...(isOther ? resumed(draft, step, wanted, order) : []), ...branching]
}

const branches = (draft: Draft, step: DraftStep, agent: string, able: boolean) => {
  const { fork, session = "new" } = step.table
  if (fork !== true) return []
  if (!able) return [wrong(draft, step, "fork", `agent "${agent}" cannot branch off a session`)]
  const message = "branches off no session: say which one with session"
  return session === "new" ? [wrong(draft, step, "fork", message)] : []
}

const resumed = (draft: Draft, step: DraftStep, from: string, order: Order) => {
  const other = draft.steps.get(from)
  if (other === undefined) {
    const message = noStep(
      from,
      [...draft.steps.keys()].filter((name) => name !== step.id),
    )
    return [
      wrong(draft, step, "session", `${message} Or "new", "continue", or "id:" and a session's own id.`),
    ]
  }
  if (other.type === "agent" && other.table["agent"] !== step.table["agent"])
    return [wrong(draft, step, "session", `step "${from}" asks another agent: a session stays with its own`)]
  return order(step.id, from)
    ? []
    : [wrong(draft, step, "session", `step "${from}" cannot have run before this one`)]
}

/** What a step would start now: its command line, who is cooling, and what is missing. */
import { DateTime, Effect, Result } from "effect"
import type { ConditionContext } from "../../plugin/Condition.ts"
import type { AgentHandle } from "../../plugin/Catalogue.ts"
import { missing, type Processes } from "../../services/Processes.ts"
import type { Secrets } from "../../services/Secrets.ts"
import { configOf, type Lookup, short } from "../Label.ts"
import type { Plan, PlanStep } from "../Plan.ts"
import { fill } from "../Template.ts"
import type { Cooling } from "../World.ts"

export interface Request {
  readonly plan: Plan
  readonly catalogue: Lookup
  readonly cwd: string
  readonly project: ConditionContext["project"]
  readonly input: Readonly<Record<string, unknown>>
  readonly prompt: string
  readonly cooling: (agent: string, model: string | undefined) => Effect.Effect<Cooling | undefined>
}

interface World extends Request {
  readonly processes: Processes["Service"]
  readonly secrets: Secrets["Service"]
}

export interface Work {
  /** As it is known now: answers of earlier steps are `…`. */
  readonly argv?: ReadonlyArray<string> | undefined
  readonly cooling?: Cooling | undefined
  /** Why it cannot start. */
  readonly broken?: string | undefined
}

export const of = Effect.fnUntraced(function* (world: World, step: PlanStep): Effect.fn.Return<Work> {
  if (step.type === "agent") return yield* agentWork(world, step)
  const config = configOf(step)
  const command =
    step.type === "verify" && Array.isArray(config["command"]) ? config["command"].map(String) : []
  return command[0] === undefined ? {} : yield* program(world, command)
})

const agentWork = Effect.fnUntraced(function* (world: World, step: PlanStep): Effect.fn.Return<Work> {
  const config = configOf(step)
  const id = String(config["agent"])
  const model = typeof config["model"] === "string" ? config["model"] : undefined
  const handle = world.catalogue.agents.get(id)
  if (handle === undefined) return { broken: `agent "${id}" is no longer there` }
  const cooling = yield* world.cooling(id, model)
  return { ...(yield* launch(world, step, handle)), cooling }
})

export const cools = (cooling: Cooling) =>
  `cooling after ${cooling.class} until ${DateTime.formatIso(DateTime.makeUnsafe(cooling.until))}: ${cooling.because}`

const launch = Effect.fnUntraced(function* (
  world: World,
  step: PlanStep,
  handle: AgentHandle,
): Effect.fn.Return<Work> {
  // How one is started that is spoken with is its own affair.
  if (handle.kind === "stream")
    return handle.program === undefined ? {} : { broken: yield* missing(world.processes, handle.program) }
  const config = configOf(step)
  const launched = yield* filled(world, String(config["prompt"])).pipe(
    Effect.flatMap((prompt) =>
      handle.launch({
        ...config,
        run_id: "preview",
        attempt: 1,
        prompt,
        cwd: world.cwd,
        session: undefined,
        dir: "RUN",
        prompt_file: "RUN/prompt",
      }),
    ),
    Effect.result,
  )
  if (Result.isFailure(launched)) return { broken: launched.failure.message }
  return yield* program(world, [launched.success.program, ...launched.success.args])
})

/** Answers are not known yet. */
const filled = (world: World, template: string) =>
  fill(template, {
    input: world.input,
    steps: () => ({ text: "…", data: undefined }),
    run: { id: "preview", prompt: world.prompt },
    project: world.project,
    loop: { round: 1, check: "" },
  }).pipe(Effect.orElseSucceed(() => "…"))

const program = Effect.fnUntraced(function* (
  world: World,
  command: ReadonlyArray<string>,
): Effect.fn.Return<Work> {
  const argv = command.map((arg) => short(world.secrets.redact(arg)))
  return { argv, broken: yield* missing(world.processes, command[0] ?? "") }
})

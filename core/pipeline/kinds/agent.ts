/** `agent`: one prompt for one agent. */
import { Effect, Schema } from "effect"
import { type Answer, permissions } from "../../plugin/Agent.ts"
import * as Failure from "../../plugin/Failure.ts"
import * as Field from "../../plugin/Field.ts"
import type { AgentCall, StepAnswer } from "../../plugin/Step.ts"
import { coreKind, type Inside } from "../Frame.ts"
import * as JsonShape from "../JsonShape.ts"
import * as Session from "../Session.ts"

const Config = Schema.Struct({
  agent: Field.required(Schema.NonEmptyString, "The agent to ask."),
  prompt: Field.required(Schema.String, "What to ask, with `{{ … }}` where values go."),
  model: Field.optional(Schema.NonEmptyString, "The model; the agent's own default when left out."),
  permission: Field.optional(
    Schema.Literals(permissions),
    "What the agent may do without asking; its own default when left out. With `ask` the run waits until somebody answers (`hub answer`). In a run that another run's agent asked for, no more than that agent may: `auto` where it is at its default.",
  ),
  session: Field.optional(
    Schema.NonEmptyString,
    "`new` (when left out), `continue` (the project's last session with this agent), a step whose session to resume, or `id:` and the agent's own id of one, with `{{ … }}` where values go. Starts a new one when there is none.",
  ),
  fork: Field.optional(
    Schema.Boolean,
    "Branches off that session: what is asked has its history, and it stays as it was.",
  ),
  system: Field.optional(
    Schema.String,
    "Added to the agent's system prompt, with `{{ … }}` where values go.",
  ),
  output_schema: Field.optional(
    JsonShape.Field,
    "A JSON Schema that the answer must meet: a table, JSON text, or the name of a file beside the pipeline. One repair turn, then `bad_output`.",
  ),
  env: Field.optional(Field.Environment, "Added to the agent's environment, as it stands."),
  max_cost_usd: Field.optional(
    Schema.Finite.check(Schema.isGreaterThan(0)),
    "The most that one attempt may cost.",
  ),
})
type Config = typeof Config.Type

export const agent = coreKind({
  type: "agent",
  summary: "Asks an agent; its answer is the agent's.",
  config: Config,
  templates: ({ prompt, session, system }) => [
    { at: ["prompt"], text: prompt },
    ...(Session.idIn(session) === undefined ? [] : [{ at: ["session"], text: session ?? "" }]),
    ...(system === undefined ? [] : [{ at: ["system"], text: system }]),
  ],
  run: Effect.fnUntraced(function* (config, inside) {
    const call = yield* callOf(config, inside)
    const answer = yield* inside.agent(call)
    const met = yield* meets(config, answer)
    if (met.problem === undefined) return given(inside, answer, met.data)
    return yield* repaired(config, inside, call, answer, met.problem)
  }),
})

const callOf = Effect.fnUntraced(function* (
  config: Config,
  inside: Inside,
): Effect.fn.Return<AgentCall, Failure.Failure> {
  const { prompt, system, session: _, fork: __, ...rest } = config
  const filled = yield* inside.render(prompt)
  const note = inside.frame.note
  return {
    ...rest,
    prompt: note === "" ? filled : `${filled}\n\n${note}`,
    system: system === undefined ? undefined : yield* inside.render(system),
    session: yield* sessionOf(config, inside),
  }
})

const sessionOf = Effect.fnUntraced(function* (config: Config, inside: Inside) {
  const { fork = false, session } = config
  if (session === undefined || session === "new") return undefined
  const given = Session.idIn(session)
  const id = given === undefined ? yield* left(config.agent, session, inside) : yield* inside.render(given)
  if (id === null || id === "") return undefined
  return fork ? { id, fork } : { id }
})

/** The session that a step of this run or, for `continue`, of this project has left. */
const left = (agent: string, session: string, { frame }: Inside) => {
  const from = session === "continue" ? session : { step: frame.prefix + session }
  const found = Effect.map(frame.world.session(agent, from), (id) => id ?? null)
  return frame.world.once(`${frame.point}:session`, Schema.NullOr(Schema.String), found)
}

const meets = (config: Config, answer: Answer): Effect.Effect<JsonShape.Met> =>
  config.output_schema === undefined
    ? Effect.succeed({ problem: undefined, data: answer.data })
    : JsonShape.check(config.output_schema, answer)

/** One more turn: in the same session where the agent can resume one, else a fresh attempt that is shown what was wrong. */
const repaired = Effect.fnUntraced(function* (
  config: Config,
  inside: Inside,
  call: AgentCall,
  first: Answer,
  problem: string,
): Effect.fn.Return<StepAnswer, Failure.Failure> {
  const resumes = inside.frame.agents.get(config.agent)?.supports.resume === true
  const answer = yield* inside.agent(
    resumes && first.session_id !== undefined
      ? { ...call, prompt: correction(problem), session: { id: first.session_id } }
      : {
          ...call,
          prompt: `${call.prompt}\n\n${correction(problem)}\nThe answer was:\n${brief(first.text)}`,
        },
  )
  const met = yield* meets(config, answer)
  if (met.problem === undefined) return given(inside, answer, met.data)
  return yield* Failure.of("bad_output", `The answer ${met.problem}`, {
    agent: config.agent,
    evidence: brief(answer.text).split("\n").slice(-20),
  })
})

const given = (inside: Inside, answer: Answer, data: unknown): StepAnswer => ({
  ...answer,
  ...(data === undefined ? {} : { data }),
  by: inside.label,
})

const correction = (problem: string) =>
  `[From the hub: the answer ${problem} Answer again with nothing but JSON that meets the schema.]`

const LONGEST = 4_000

const brief = (text: string) => (text.length > LONGEST ? `…${text.slice(1 - LONGEST)}` : text)

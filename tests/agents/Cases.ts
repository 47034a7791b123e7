/** What each real agent is put through, and what the hub must make of it. */
import type { FailureClass } from "../../core/plugin/Failure.ts"

/** The answer has this text in it, or the failure this class. */
export type End = { readonly answer: string } | { readonly class: FailureClass }

/** By the name of the agent; `other`: for whoever is not named. */
type Each<A> = Readonly<Record<string, A | undefined>>

const forAgent = <A>(each: Each<A> | undefined, agent: string): A | undefined =>
  each === undefined || agent in each ? each?.[agent] : each["other"]

export interface Case {
  readonly name: string
  /** Of the model's server; none: nobody listens. */
  readonly scenario: string | undefined
  /** Where it needs another for the same. */
  readonly other_scenario?: Each<string>
  /** Keys of the step besides `agent` and `prompt`. */
  readonly step?: Each<string>
  /** A second step that goes on in the session of the first. */
  readonly goes_on?: boolean
  /** The next agent answers, after this one has failed. */
  readonly falls_back?: boolean
  /** More config of the plugin. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Whoever has none is not put through it. */
  readonly end: Each<End>
  /** Must be in `proof.txt` of the folder afterwards; `null`: there must be no such file. */
  readonly proof?: string | null
  /** Tokens that the model was sent in the last attempt, whatever its session was sent before. */
  readonly input_tokens?: Each<number>
  /** A type of event that must have been told. */
  readonly event?: Each<string>
  /** Is to be cancelled as soon as the model was asked. */
  readonly cancelled?: boolean
}

const fails = (class_: FailureClass): End => ({ class: class_ })
const answers = (answer: string): End => ({ answer })

const all = (end: End): Each<End> => ({ other: end })

const bypass = { other: 'permission = "bypass"' }
const hello = answers("Hello from the mock model.")

/** A recipe offers what its agent has: of these two no more than that. */
const recipes = { pi: 'permission = "bypass"', grok: 'permission = "bypass"' }

const briefed = answers("turn 2; sees Be brief.")

const schema = {
  other: `output_schema = { type = "object", properties = { answer = { type = "string" }, n = { type = "integer" } }, required = ["answer", "n"], additionalProperties = false }`,
}

/** It repeats in silence what was refused: only that nothing is heard tells. */
const impatient = 'stall = "12 seconds"'
const silent = { grok: impatient }
const stalled = fails("stalled")

/** They wait for as long as the server asks, and say nothing. */
const obedient = { ...silent, pi: impatient }

const dispatched = '{"agent":"AGENT-text","prompt":"hello","cwd":"CWD","wait_seconds":40}'

export const cases: ReadonlyArray<Case> = [
  { name: "text", scenario: "text", end: all(hello) },
  {
    name: "shell",
    scenario: "shell",
    step: bypass,
    end: all(answers("mock-tool-ran")),
    proof: "mock-tool-ran",
    event: { other: "command_finished", pi: "tool_finished", grok: "tool_finished" },
  },
  {
    name: "write",
    scenario: "write@cwd=CWD",
    step: { other: 'permission = "auto"', ...recipes },
    end: all(answers("Done.")),
    proof: "written-by-mock",
    event: { other: "file_changed", pi: "tool_finished", grok: "tool_finished" },
  },
  {
    name: "resume",
    scenario: "echo",
    goes_on: true,
    end: all(answers("turn 2")),
    // Copilot tells none; Qwen Code asks once more, for what it wants to remember.
    input_tokens: { other: 1000, copilot: undefined, qwen: 2000 },
  },
  // No word on what it answers: some are denied the tool, others are not offered any.
  {
    name: "only looks",
    scenario: "write@cwd=CWD",
    step: { other: 'permission = "restricted"' },
    end: { other: answers(""), grok: fails("denied"), pi: undefined },
    proof: null,
  },
  {
    name: "system",
    scenario: "echo@sees=Be brief.",
    step: { other: 'system = "Be brief."' },
    goes_on: true,
    end: {
      claude: briefed,
      codex: briefed,
      droid: briefed,
      copilot: briefed,
      qwen: briefed,
    },
  },
  {
    name: "schema",
    scenario: "json",
    step: schema,
    end: { claude: answers('"answer"'), codex: answers('"answer"'), qwen: answers('"answer"') },
  },
  { name: "huge", scenario: "huge@kb=400", end: all(answers("of a long answer")) },
  {
    name: "429",
    scenario: "e429",
    step: silent,
    end: { other: fails("rate_limited") },
  },
  {
    name: "429, 1 h",
    scenario: "e429@retry=3600",
    step: obedient,
    end: { other: fails("rate_limited"), pi: stalled, grok: stalled },
  },
  {
    name: "quota",
    scenario: "quota",
    step: silent,
    end: { other: fails("quota_exhausted") },
  },
  { name: "401", scenario: "e401", end: all(fails("auth")) },
  { name: "404", scenario: "e404", end: all(fails("model_unavailable")) },
  {
    name: "500",
    scenario: "e500",
    step: silent,
    end: {
      other: fails("network"),
      codex: fails("overloaded"),
      grok: stalled,
    },
  },
  {
    name: "503",
    scenario: "e503",
    step: silent,
    end: { other: fails("overloaded"), grok: stalled },
  },
  {
    name: "no network",
    scenario: undefined,
    // Grok asks the server first which models there are.
    end: { other: fails("network"), grok: fails("model_unavailable") },
  },
  {
    name: "socket closed",
    scenario: "drop",
    step: silent,
    end: { other: fails("network"), grok: stalled },
  },
  {
    name: "cut stream",
    scenario: "cut",
    step: silent,
    // Claude asks again without a stream, and is answered.
    end: { other: fails("network"), claude: hello, grok: stalled },
  },
  { name: "context", scenario: "context", end: all(fails("context_too_long")) },
  {
    name: "refusal",
    scenario: "refusal",
    // The others do not tell it from an answer.
    end: {
      other: fails("refused"),
      codex: answers("I cannot help"),
      gemini: answers("I cannot help"),
      copilot: answers("I cannot help"),
      qwen: answers("I cannot help"),
    },
  },
  {
    name: "empty",
    scenario: "empty",
    step: silent,
    // Qwen Code asks again, and does not say why.
    end: { other: fails("crashed"), qwen: fails("network"), grok: stalled },
  },
  {
    name: "fallback",
    scenario: "e429",
    step: silent,
    falls_back: true,
    end: all(hello),
  },
  {
    name: "hub's tools",
    // It dispatches to another agent, and waits for its answer.
    scenario: `mcp@tool=hub[._-]+dispatch$@args=${dispatched}`,
    other_scenario: {
      qwen: `mcp@first=tool_search$@query=select:mcp__hub__dispatch@tool=tool_call$@args={"name":"mcp__hub__dispatch","arguments":${dispatched}}`,
    },
    config: { hub_tools: true },
    end: { claude: hello, codex: hello, opencode: hello, copilot: hello, qwen: hello },
  },
  // Of the agent's own: each is cancelled when its request was heard.
  { name: "cancelled", scenario: "slow@of=AGENT", end: all(fails("cancelled")), cancelled: true },
]

export const endOf = ({ end }: Case, agent: string): End | undefined => forAgent(end, agent)

export const scenarioOf = ({ other_scenario, scenario }: Case, agent: string): string | undefined =>
  forAgent(other_scenario, agent) ?? scenario

export const eventOf = ({ event }: Case, agent: string): string | undefined => forAgent(event, agent)

export const tokensOf = ({ input_tokens }: Case, agent: string): number | undefined =>
  forAgent(input_tokens, agent)

/** Name of the plugin that is set to the scenario. */
export const pluginOf = (agent: string, { name }: Case): string =>
  `${agent}-${name.replaceAll(/[^a-z0-9]+/g, "-")}`

const stepOf = (id: string, agent: string, more: ReadonlyArray<string>): string =>
  [
    `[step.${id}]`,
    'type = "agent"',
    `agent = "${agent}"`,
    `prompt = "${id}: {{ input.task }}"`,
    'patience = "3 seconds"',
    'timeout = "90 seconds"',
    ...more,
  ].join("\n")

const input = '[input.task]\ntype = "string"\nrequired = true'

/** Nobody knows what silence means, so by itself a fallback does not leave it. */
const leaves = 'on = ["rate_limited", "stalled"]'

/** Name of the plugin that answers when `agent` has failed. */
export const secondOf = (agent: string): string => `after-${agent}`

export const pipelineOf = (agent: string, one: Case): string => {
  const step = forAgent(one.step, agent)
  const more = step === undefined ? [] : [step]
  const first = stepOf("first", pluginOf(agent, one), more)
  if (one.falls_back === true)
    return [
      'run = ["either"]',
      input,
      `[step.either]\ntype = "fallback"\ntry = ["first", "second"]\n${step === undefined ? "" : leaves}`,
      first,
      stepOf("second", secondOf(agent), []),
    ].join("\n\n")
  if (one.goes_on !== true) return ['run = ["first"]', input, first].join("\n\n")
  const second = stepOf("second", pluginOf(agent, one), [...more, 'session = "first"'])
  return ['run = ["first", "second"]', input, first, second].join("\n\n")
}

/** What each real agent is put through, and what the hub must make of it. */
import type { FailureClass } from "../../core/plugin/Failure.ts"

/** The answer has this text in it, or the failure this class. */
export type End = { readonly answer: string } | { readonly class: FailureClass }

export interface Case {
  readonly name: string
  /** Of the model's server; none: nobody listens. */
  readonly scenario: string | undefined
  /** Keys of the step besides `agent` and `prompt`. */
  readonly step?: string
  /** A second step that goes on in the session of the first. */
  readonly goes_on?: boolean
  /** The next agent answers, after this one has failed. */
  readonly falls_back?: boolean
  /** More config of the plugin. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly end: End | Readonly<Record<string, End | undefined>>
  /** Must be in `proof.txt` of the folder afterwards; `null`: there must be no such file. */
  readonly proof?: string | null
  /** Tokens that the model was sent in the last attempt, whatever its session was sent before. */
  readonly input_tokens?: number
  /** A type of event that must have been told. */
  readonly event?: string
  /** Is to be cancelled as soon as the model was asked. */
  readonly cancelled?: boolean
}

const fails = (class_: FailureClass): End => ({ class: class_ })
const answers = (answer: string): End => ({ answer })

const bypass = 'permission = "bypass"'
const hello = answers("Hello from the mock model.")

const tooled = answers("Hello from the mock model.")

const schema = `output_schema = { type = "object", properties = { answer = { type = "string" }, n = { type = "integer" } }, required = ["answer", "n"], additionalProperties = false }`

export const cases: ReadonlyArray<Case> = [
  { name: "text", scenario: "text", end: hello },
  {
    name: "shell",
    scenario: "shell",
    step: bypass,
    end: answers("mock-tool-ran"),
    proof: "mock-tool-ran",
    event: "command_finished",
  },
  {
    name: "write",
    scenario: "write",
    step: 'permission = "auto"',
    end: answers("Done."),
    proof: "written-by-mock",
    event: "file_changed",
  },
  { name: "resume", scenario: "echo", goes_on: true, end: answers("turn 2"), input_tokens: 1000 },
  // No word on what it answers: some are denied the tool, others are not offered any.
  { name: "only looks", scenario: "write", step: 'permission = "restricted"', end: answers(""), proof: null },
  {
    name: "system",
    scenario: "echo",
    step: 'system = "Be brief."',
    goes_on: true,
    end: { claude: answers("turn 2"), codex: answers("turn 2") },
  },
  {
    name: "schema",
    scenario: "json",
    step: schema,
    end: { claude: answers('"answer"'), codex: answers('"answer"') },
  },
  { name: "huge", scenario: "huge@kb=400", end: answers("of a long answer") },
  { name: "429", scenario: "e429", end: fails("rate_limited") },
  { name: "429, 1 h", scenario: "e429@retry=3600", end: fails("rate_limited") },
  { name: "quota", scenario: "quota", end: fails("quota_exhausted") },
  { name: "401", scenario: "e401", end: fails("auth") },
  { name: "404", scenario: "e404", end: fails("model_unavailable") },
  {
    name: "500",
    scenario: "e500",
    end: {
      claude: fails("network"),
      codex: fails("overloaded"),
      gemini: fails("network"),
      opencode: fails("network"),
    },
  },
  { name: "503", scenario: "e503", end: fails("overloaded") },
  { name: "no network", scenario: undefined, end: fails("network") },
  { name: "socket closed", scenario: "drop", end: fails("network") },
  {
    name: "cut stream",
    scenario: "cut",
    // Asks again without a stream, and is answered.
    end: { claude: hello, codex: fails("network"), gemini: fails("network"), opencode: fails("network") },
  },
  { name: "context", scenario: "context", end: fails("context_too_long") },
  {
    name: "refusal",
    scenario: "refusal",
    // The others do not tell it from an answer.
    end: {
      claude: fails("refused"),
      codex: answers("I cannot help"),
      gemini: answers("I cannot help"),
      opencode: fails("refused"),
    },
  },
  { name: "empty", scenario: "empty", end: fails("crashed") },
  {
    name: "fallback",
    scenario: "e429",
    falls_back: true,
    end: hello,
  },
  {
    name: "hub's tools",
    // It dispatches to another agent, and waits for its answer.
    scenario:
      'mcp@tool=hub[._]+dispatch$@args={"agent":"AGENT-text","prompt":"hello","cwd":"CWD","wait_seconds":40}',
    config: { hub_tools: true },
    end: { claude: tooled, codex: tooled, opencode: tooled },
  },
  { name: "cancelled", scenario: "slow", end: fails("cancelled"), cancelled: true },
]

export const endOf = ({ end }: Case, agent: string): End | undefined =>
  "answer" in end || "class" in end ? (end as End) : (end as Readonly<Record<string, End | undefined>>)[agent]

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

/** Name of the plugin that answers when `agent` has failed. */
export const secondOf = (agent: string): string => `after-${agent}`

export const pipelineOf = (agent: string, one: Case): string => {
  const more = one.step === undefined ? [] : [one.step]
  const first = stepOf("first", pluginOf(agent, one), more)
  if (one.falls_back === true)
    return [
      'run = ["either"]',
      input,
      '[step.either]\ntype = "fallback"\ntry = ["first", "second"]',
      first,
      stepOf("second", secondOf(agent), []),
    ].join("\n\n")
  if (one.goes_on !== true) return ['run = ["first"]', input, first].join("\n\n")
  const second = stepOf("second", pluginOf(agent, one), [...more, 'session = "first"'])
  return ['run = ["first", "second"]', input, first, second].join("\n\n")
}

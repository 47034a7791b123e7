/** What is tried with each agent that speaks the Agent Client Protocol. */

type Permission = "restricted" | "ask" | "auto" | "bypass"

/** What stands in the run while it waits, and what is said to it. */
export interface Said {
  readonly choice: "allow" | "deny"
  readonly shown: string
}

export type End = { readonly answer: string } | { readonly class: string }

export interface Case {
  readonly name: string
  /** `AGENT`: its name, so that no two wait for one another's requests. `CWD`: the folder of the case. */
  readonly scenario: string
  readonly permission: Permission
  readonly config?: Readonly<Record<string, unknown>>
  readonly said?: Said
  /** A second step goes on with the session of the first. */
  readonly goes_on?: boolean
  /** Left out: all. */
  readonly agents?: ReadonlyArray<string>
  /** Ended by a person once it is there. */
  readonly cancelled?: "asked the model" | "waits for an answer"
  readonly end: End
  /** Is in `proof.txt` afterwards; null: there is none. */
  readonly proof?: string | null
  /** Why something was decided without a person. */
  readonly because?: string
}

const command = "mock-tool-ran"
const written = "written-by-mock"
const hello = "Hello from the mock model."

/** The hub's own tool: it hands work to the first case's agent, and waits for what that answers. */
const dispatches =
  'mcp@tool=hub\\W*_*dispatch$@args={"agent":"AGENT-acp-text","prompt":"hello","cwd":"CWD","wait_seconds":40}'

/** Copilot is handed the hub's server and offers its model none of it; Droid, Qwen Code and Grok hide it behind a search of theirs. */
const tooled = ["claude", "codex", "gemini", "opencode"]

/** Droid was seen to ask for commands only: its patches are of a kind that the model here cannot write. */
const proven = ["claude", "codex", "gemini", "opencode", "copilot", "qwen", "grok"]

/** Gemini CLI 0.61.0 loses a session while it loads it: a dispatch that wants it to is refused. */
const resumed = ["claude", "codex", "opencode", "copilot", "qwen", "grok", "droid"]

/** Whoever says early that it waits, or gives up soon. The others are silent for a minute. */
const early = ["claude", "codex", "gemini", "opencode", "grok"]

const asks = "echo mock-tool-ran > * && cat *"

export const cases: ReadonlyArray<Case> = [
  { name: "acp-text", scenario: "text", permission: "ask", end: { answer: hello } },
  {
    name: "acp-allowed",
    scenario: "shell",
    permission: "ask",
    said: { choice: "allow", shown: "echo mock-tool-ran > proof.txt && cat proof.txt" },
    end: { answer: command },
    proof: command,
  },
  {
    name: "acp-denied",
    scenario: "shell",
    permission: "ask",
    said: { choice: "deny", shown: command },
    end: { answer: "" },
    proof: null,
  },
  {
    name: "acp-change",
    agents: proven,
    scenario: "write",
    permission: "ask",
    said: { choice: "allow", shown: `+${written}` },
    end: { answer: "Done." },
    proof: written,
  },
  {
    name: "acp-auto",
    scenario: "shell",
    permission: "auto",
    because: 'permission = "auto"',
    end: { answer: "" },
    proof: null,
  },
  {
    name: "acp-edit",
    agents: proven,
    scenario: "write",
    permission: "auto",
    end: { answer: "Done." },
    proof: written,
  },
  {
    name: "acp-restricted",
    agents: proven,
    scenario: "write",
    permission: "restricted",
    end: { answer: "" },
    proof: null,
  },
  { name: "acp-bypass", scenario: "shell", permission: "bypass", end: { answer: command }, proof: command },
  {
    name: "acp-rule-allow",
    agents: proven,
    scenario: "shell",
    permission: "restricted",
    config: { policy: [{ tool: "execute", command: asks, decision: "allow" }] },
    because: "rule 1 of the policy",
    end: { answer: command },
    proof: command,
  },
  {
    name: "acp-rule-deny",
    agents: proven,
    scenario: "write",
    permission: "auto",
    config: { policy: [{ path: "proof.*", decision: "deny" }] },
    because: "rule 1 of the policy",
    end: { answer: "" },
    proof: null,
  },
  {
    name: "acp-rule-ask",
    agents: proven,
    scenario: "shell",
    permission: "restricted",
    config: { policy: [{ tool: "execute", command: asks, decision: "ask" }] },
    said: { choice: "allow", shown: command },
    end: { answer: command },
    proof: command,
  },
  {
    name: "acp-tools",
    agents: tooled,
    scenario: dispatches,
    permission: "auto",
    config: { hub_tools: true },
    end: { answer: hello },
  },
  {
    name: "acp-tools-ask",
    agents: tooled,
    scenario: dispatches,
    permission: "ask",
    config: { hub_tools: true },
    said: { choice: "allow", shown: "acp-text" },
    end: { answer: hello },
  },
  {
    name: "acp-resume",
    agents: resumed,
    scenario: "echo",
    permission: "ask",
    goes_on: true,
    end: { answer: "turn 2" },
  },
  { name: "acp-401", scenario: "e401", permission: "ask", end: { class: "auth" } },
  {
    name: "acp-429",
    scenario: "e429",
    permission: "ask",
    agents: early,
    end: { class: "rate_limited" },
  },
  {
    name: "acp-cancel",
    scenario: "slow@by=AGENT",
    permission: "ask",
    cancelled: "asked the model",
    end: { class: "cancelled" },
  },
  {
    name: "acp-cancel-asked",
    scenario: "shell",
    permission: "ask",
    cancelled: "waits for an answer",
    end: { class: "cancelled" },
    proof: null,
  },
]

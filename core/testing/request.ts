/** A request for an agent, as tests begin with it. */
import type { AgentRequest } from "../plugin/Agent.ts"

export const requestOf = (more: Partial<AgentRequest> = {}): AgentRequest => ({
  run_id: "r",
  attempt: 1,
  prompt: "do it",
  cwd: "/work",
  dir: "/attempt",
  prompt_file: "/attempt/prompt",
  ...more,
})

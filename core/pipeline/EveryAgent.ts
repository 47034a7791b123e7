/** Agents as if every one that is named were there. */
import { Stream } from "effect"
import { permissions } from "../plugin/Agent.ts"
import type { AgentHandle } from "../plugin/Catalogue.ts"

const able: AgentHandle["supports"] = {
  resume: true,
  fork: true,
  permission: permissions,
  model: true,
  output_schema: true,
  system_prompt: true,
}

/** Beside the agents it is made from there is whatever one asks for, able to do all. Only real ones are listed. */
export class EveryAgent extends Map<string, AgentHandle> {
  override has(): boolean {
    return true
  }
  override get(id: string): AgentHandle {
    return super.get(id) ?? anyAgent(id)
  }
}

const anyAgent = (id: string): AgentHandle => ({
  id,
  kind: "stream",
  plugin: "any",
  summary: "",
  supports: able,
  probe: undefined,
  run: () => Stream.die(`agent "${id}" is not there`),
})

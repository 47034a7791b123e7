/** All that an `Adapter` must stand, in one call: as an agent, in what was recorded of its program, and in a look at it. */
import { Schema } from "effect"
import type { Adapter, Config } from "../plugin/Adapter.ts"
import type { AgentRequest, Launch } from "../plugin/Agent.ts"
import { Failure } from "../plugin/Failure.ts"
import { agentSuite } from "./agentSuite.ts"
import { probeSuite } from "./probeSuite.ts"
import { recordedSuite } from "./recordings.ts"
import { requestOf } from "./request.ts"

export interface AdapterTools {
  /** What the agent starts for a request with this in it, under a config as it would stand in plugins.toml. */
  readonly launched: (more?: Partial<AgentRequest>, config?: object) => Launch
}

export interface AdapterOptions {
  /** A config with which the program is started with every flag that the adapter knows. */
  readonly full?: object
  /** Flags that work and that the program's help does not tell. */
  readonly untold?: ReadonlyArray<string>
}

/** `fixtures`: the folder of the recordings, a path or `new URL("./fixtures", import.meta.url)`. */
export const adapterSuite = <C extends Config>(
  adapter: Adapter<C>,
  fixtures: string | URL,
  { full = {}, untold = [] }: AdapterOptions = {},
): AdapterTools => {
  const id = adapter.id.replace(/^agent-/, "")
  const agentOf = (config: object) => adapter.agent(Schema.decodeUnknownSync(adapter.config)(config), id)
  agentSuite(agentOf({}))
  recordedSuite(agentOf({}), fixtures)
  if (agentOf(full).probe !== undefined) probeSuite(agentOf(full), untold)
  return {
    launched: (more, config = {}) => {
      const made = agentOf(config).launch(requestOf(more))
      if (made instanceof Failure) throw made
      return made
    },
  }
}

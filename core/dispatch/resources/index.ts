/** The resources of core. Plugins add theirs in the same shape. */
import { Effect } from "effect"
import * as Agents from "./agents.ts"
import * as Pipelines from "./pipelines.ts"
import * as Runs from "./runs.ts"

export const make = Effect.map(Effect.all([Runs.make, Agents.make, Pipelines.make]), (rooms) => rooms.flat())

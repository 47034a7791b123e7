/** The operations of core. Plugins add theirs in the same shape. */
import { Effect } from "effect"
import * as Catalogue from "./catalogue.ts"
import * as Pipelines from "./pipelines.ts"
import * as Runs from "./runs.ts"
import * as Why from "./why.ts"

export const make = Effect.map(Effect.all([Runs.make, Why.make, Catalogue.make, Pipelines.make]), (rooms) =>
  rooms.flat(),
)

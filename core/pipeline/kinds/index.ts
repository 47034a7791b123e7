/** The kinds of step that every hub knows. */
import type { StepHandle } from "../../plugin/Catalogue.ts"
import { agent } from "./agent.ts"
import { fallback } from "./fallback.ts"
import { loop } from "./loop.ts"
import { parallel } from "./parallel.ts"
import { pipeline } from "./pipeline.ts"
import { sequence } from "./sequence.ts"
import { switch_ } from "./switch.ts"
import { transform } from "./transform.ts"
import { verify } from "./verify.ts"

export const kinds: ReadonlyMap<string, StepHandle> = new Map(
  [agent, fallback, sequence, parallel, switch_, loop, verify, transform, pipeline].map((kind) => [
    kind.type,
    kind,
  ]),
)

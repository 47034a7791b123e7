/** The conditions that core brings. `all`, `any` and `not` are part of the language itself. */
import type { ConditionHandle } from "../../plugin/Catalogue.ts"
import type { Processes } from "../../services/Processes.ts"
import { changed } from "./changed.ts"
import { env } from "./env.ts"
import { failed } from "./failed.ts"
import { input } from "./input.ts"
import { project } from "./project.ts"
import { time } from "./time.ts"

export interface World {
  readonly processes: Processes["Service"]
  /** The environment that `env` looks at. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** By id, as they stand in a catalogue. */
export const conditions = (world: World): ReadonlyMap<string, ConditionHandle> =>
  new Map(
    [failed, changed(world.processes), env(world.env), input, project, time].map((handle) => [
      handle.id,
      handle,
    ]),
  )

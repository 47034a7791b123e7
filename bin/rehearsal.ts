/** Where pipelines are tested: a hub of its own for each execution, in a temporary folder that is gone afterwards. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import * as Asking from "../core/dispatch/Asking.ts"
import * as Attempt from "../core/dispatch/Attempt.ts"
import * as Cooldowns from "../core/dispatch/Cooldowns.ts"
import { perform, Rehearsal } from "../core/dispatch/Rehearsal.ts"
import * as Store from "../core/dispatch/Store.ts"
import * as Home from "../core/live/Home.ts"
import type { Execute, Stage } from "../core/pipeline/PipelineTest.ts"
import { empty, Registry } from "../core/plugin/Catalogue.ts"
import { portsOver } from "./ports.ts"

const scratch = Effect.acquireRelease(
  Effect.try({
    try: () => realpathSync(mkdtempSync(join(tmpdir(), "hub-pipeline-test-"))),
    catch: (cause) => ({ message: `no temporary folder can be made: ${String(cause)}` }),
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
)

const rooms = (path: string, { agents, conditions }: Stage) => {
  const catalogue = { ...empty, revision: 1, agents, conditions }
  const registry = Layer.succeed(Registry, {
    current: Effect.succeed(catalogue),
    changes: undefined as never,
  })
  return Attempt.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(Asking.layer.pipe(Layer.provideMerge(Store.layer)), Cooldowns.layer)),
    Layer.provideMerge(portsOver(Layer.mergeAll(Home.layer(path), registry))),
  )
}

export const execute: Execute = (stage) =>
  Effect.scoped(
    Effect.flatMap(scratch, (path) =>
      // Nothing of the hub around is shared, its database least of all.
      Effect.provide(perform(stage), rooms(path, stage), { local: true }),
    ),
  )

export const layer: Layer.Layer<Rehearsal> = Layer.succeed(Rehearsal, { execute })

/** The operations of core. Plugins add theirs in the same shape. */
import { Context, Effect } from "effect"
import { Registry } from "../../plugin/Catalogue.ts"
import type { Operation } from "../../plugin/Operation.ts"
import { Events } from "../../services/Events.ts"
import { Files } from "../../services/Files.ts"
import { Home } from "../../services/Home.ts"
import { Processes } from "../../services/Processes.ts"
import { Secrets } from "../../services/Secrets.ts"
import { Cooldowns } from "../Cooldowns.ts"
import { Dispatch } from "../Dispatch.ts"
import { Pipelines as PipelineFiles } from "../Pipelines.ts"
import { Plans } from "../Plans.ts"
import { Projects } from "../Projects.ts"
import { Rehearsal } from "../Rehearsal.ts"
import { Store } from "../Store.ts"
import * as Answer from "./answer.ts"
import * as Catalogue from "./catalogue.ts"
import * as Pipelines from "./pipelines.ts"
import * as Replay from "./replay.ts"
import * as Runs from "./runs.ts"
import * as Tests from "./tests.ts"
import * as Why from "./why.ts"

export const make = Effect.map(
  Effect.all([Runs.make, Answer.make, Why.make, Catalogue.make, Pipelines.make, Tests.make, Replay.make]),
  (rooms) => rooms.flat(),
)

const blank = Context.empty().pipe(
  Context.add(Registry, {} as never),
  Context.add(Events, {} as never),
  Context.add(Cooldowns, {} as never),
  Context.add(Dispatch, {} as never),
  Context.add(PipelineFiles, {} as never),
  Context.add(Plans, {} as never),
  Context.add(Projects, {} as never),
  Context.add(Rehearsal, {} as never),
  Context.add(Files, {} as never),
  Context.add(Home, {} as never),
  Context.add(Processes, {} as never),
  Context.add(Secrets, {} as never),
  Context.add(Store, {} as never),
)

/** The same operations without a hub behind them: for help texts and completion. Calling one is a bug. */
export const shapes: Effect.Effect<ReadonlyArray<Operation>> = Effect.provide(make, blank)

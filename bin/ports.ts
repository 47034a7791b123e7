/** The services of a hub over one home, as a layer. */
import { Layer } from "effect"
import * as Lifecycle from "../core/dispatch/Lifecycle.ts"
import * as Database from "../core/live/Database.ts"
import * as Engine from "../core/live/Engine.ts"
import * as Events from "../core/live/Events.ts"
import * as Files from "../core/live/Files.ts"
import * as Http from "../core/live/Http.ts"
import * as Processes from "../core/live/Processes.ts"
import * as Secrets from "../core/live/Secrets.ts"
import * as Supervisor from "../core/live/Supervisor.ts"
import * as Tokens from "../core/live/Tokens.ts"
import type { Home } from "../core/services/Home.ts"

/** `ground`: the home, and whatever else belongs to this hub alone. */
export const portsOver = <A, E>(ground: Layer.Layer<A | Home, E>) =>
  Layer.mergeAll(Engine.layer, Events.layer, Http.layer, Tokens.layer).pipe(
    Layer.provideMerge(Layer.mergeAll(Database.layer, Secrets.layer)),
    Layer.provideMerge(
      Layer.mergeAll(ground, Files.layer, Processes.layer, Supervisor.layer, Lifecycle.layer),
    ),
  )

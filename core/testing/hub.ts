/** A hub for tests: real database, files and processes in a temporary home; agents are given as data. */
import { Effect, Layer, Stream } from "effect"
import { type AgentHandle, empty, Registry } from "../plugin/Catalogue.ts"
import * as Agent from "../plugin/Agent.ts"
import * as Failure from "../plugin/Failure.ts"
import * as Asking from "../dispatch/Asking.ts"
import * as Attempt from "../dispatch/Attempt.ts"
import * as Cooldowns from "../dispatch/Cooldowns.ts"
import * as Dispatch from "../dispatch/Dispatch.ts"
import * as Lifecycle from "../dispatch/Lifecycle.ts"
import * as Pipelines from "../dispatch/Pipelines.ts"
import * as Plans from "../dispatch/Plans.ts"
import * as Projects from "../dispatch/Projects.ts"
import * as Runner from "../dispatch/Runner.ts"
import * as Store from "../dispatch/Store.ts"
import * as Database from "../live/Database.ts"
import * as Engine from "../live/Engine.ts"
import * as Events from "../live/Events.ts"
import * as Files from "../live/Files.ts"
import * as Home from "../live/Home.ts"
import * as Processes from "../live/Processes.ts"
import * as Secrets from "../live/Secrets.ts"
import * as Supervisor from "../live/Supervisor.ts"
import { tempHome } from "./effect.ts"

/** An agent that is a shell script. Its last line is the answer; a line `FAIL class text` is its failure, `EARLY class text` a signal. */
export const shell = (id: string, script: string): AgentHandle => ({
  kind: "program",
  id,
  plugin: "test",
  summary: script,
  supports: {},
  probe: undefined,
  client: undefined,
  launch: (request) =>
    Effect.succeed({ program: "sh", args: ["-c", script], stdin: { text: request.prompt } }),
  decoder: () =>
    Effect.sync(() => {
      let last = ""
      let failure: Failure.Failure | undefined
      return {
        may_skip: false,
        feed: (lines) =>
          Effect.sync(() =>
            lines.map((line) => {
              const [word, class_, ...rest] = line.split(" ")
              const told = () => Failure.of(class_ as Failure.FailureClass, rest.join(" "))
              if (word === "EARLY") return Agent.signal(told())
              if (word === "FAIL") failure = told()
              else last = line
              return Agent.message(line)
            }),
          ),
        end: (exit) => {
          if (failure !== undefined) return Effect.fail(failure)
          return exit.code === 0
            ? Effect.succeed({ text: last })
            : Effect.fail(Failure.of("crashed", `exit ${exit.code}`))
        },
      }
    }),
})

export interface Given {
  readonly agents: ReadonlyArray<AgentHandle>
  readonly pipelines?: Readonly<Record<string, string>>
}

/** The rooms over the home at `path`: built twice over one path it is a hub and the one after it. */
export const rooms = (path: string, { agents, pipelines = {} }: Given) => {
  const catalogue = { ...empty, revision: 1, agents: new Map(agents.map((agent) => [agent.id, agent])) }
  const registry = Layer.succeed(Registry, {
    current: Effect.succeed(catalogue),
    changes: Stream.make(catalogue),
  })
  const ports = Layer.mergeAll(Engine.layer, Events.layer).pipe(
    Layer.provideMerge(Layer.mergeAll(Database.layer, Secrets.layer)),
    Layer.provideMerge(
      Layer.mergeAll(
        Home.layer(path),
        Files.layer,
        Processes.layer,
        Supervisor.layer,
        registry,
        Lifecycle.layer,
      ),
    ),
  )
  return Dispatch.layer.pipe(
    Layer.provideMerge(Runner.layer),
    Layer.provideMerge(Layer.mergeAll(Plans.layer, Attempt.layer)),
    Layer.provideMerge(
      Layer.mergeAll(
        Asking.layer.pipe(Layer.provideMerge(Store.layer)),
        Cooldowns.layer,
        Projects.layer,
        Pipelines.layer(new Map(Object.entries(pipelines))),
      ),
    ),
    Layer.provideMerge(ports),
  )
}

export const hub = (given: Given) => Layer.unwrap(Effect.map(tempHome, (path) => rooms(path, given)))

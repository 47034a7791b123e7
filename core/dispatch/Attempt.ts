/** One start of an agent or a command: started once, followed, recorded; adopted after a restart. */
import { Clock, Context, Effect, Layer, Ref, Result, type Scope } from "effect"
import type { Answer } from "../plugin/Agent.ts"
import {
  type AgentHandle,
  type ProgramAgentHandle,
  Registry,
  type StreamAgentHandle,
} from "../plugin/Catalogue.ts"
import * as Failure from "../plugin/Failure.ts"
import type { AgentCall, CommandResult } from "../plugin/Step.ts"
import type { Engine } from "../services/Engine.ts"
import type { Events } from "../services/Events.ts"
import { Files } from "../services/Files.ts"
import { Home } from "../services/Home.ts"
import { about } from "../services/Log.ts"
import type { Secrets } from "../services/Secrets.ts"
import { Supervisor } from "../services/Supervisor.ts"
import * as Able from "./Able.ts"
import type { Asking } from "./Asking.ts"
import * as CommandDecoder from "./CommandDecoder.ts"
import * as Compose from "./Compose.ts"
import * as Conclude from "./Conclude.ts"
import type { Cooldowns } from "./Cooldowns.ts"
import { Lifecycle } from "./Lifecycle.ts"
import * as Outcome from "./Outcome.ts"
import * as Permission from "./Permission.ts"
import type { AttemptRow } from "./Rows.ts"
import { Seen } from "./Seen.ts"
import * as Start from "./Start.ts"
import { Store } from "./Store.ts"
import * as Streaming from "./Streaming.ts"
import * as Versions from "./Versions.ts"

type Place = Start.Place
type Numbered = Start.Numbered

type What = Pick<AttemptRow, "kind" | "agent" | "model" | "permission">

export interface Command {
  readonly program: string
  readonly args: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
}

const make = Effect.gen(function* () {
  const store = yield* Store
  const files = yield* Files
  const home = yield* Home
  const registry = yield* Registry
  const supervisor = yield* Supervisor
  const { leaving } = yield* Lifecycle
  const { begun, supervise } = yield* Start.make
  const requestOf = yield* Compose.make
  const streamed = yield* Streaming.make
  const conclude = yield* Conclude.make

  const number = Effect.fnUntraced(function* (place: Place, row: AttemptRow | undefined, what: What) {
    const { name, run_id, step } = place
    const started_at = row?.started_at ?? (yield* Clock.currentTimeMillis)
    const attempt =
      row?.attempt ?? (yield* store.addAttempt({ run_id, step, path: name, ...what, started_at }))
    const dir = `${home.runs}/${run_id}/${attempt}`
    return { ...place, attempt, started_at, dir, again: row !== undefined } satisfies Numbered
  })

  /** When the hub goes away, what is under way is left to the next one. */
  const unlessLeaving = <R>(effect: Effect.Effect<unknown, unknown, R>) =>
    Effect.flatMap(Ref.get(leaving), (going) => (going ? Effect.void : Effect.ignore(effect)))

  /** What every attempt does: an ended one is read back, any other is run and written down; a cancelled one too. */
  const attempt = Effect.fnUntraced(function* <R>(
    place: Place,
    what: What,
    run: (at: Numbered, seen: Seen) => Effect.Effect<Outcome.Outcome, Failure.Failure, R>,
  ) {
    const row = yield* Effect.orDie(store.attemptAt(place.run_id, place.name))
    if (row !== undefined && row.state !== "running") return yield* conclude.readBack(row)
    const at = yield* Effect.orDie(number(place, row, what))
    const seen = new Seen()
    const ending = { ...at, agent: what.agent ?? undefined, model: what.model ?? undefined }
    const ran = Effect.catch(run(at, seen), (failure) => Effect.succeed(Outcome.failed(failure)))
    const outcome = Effect.onInterrupt(ran, () => unlessLeaving(conclude.write(ending, unneeded, seen)))
    const done = Effect.flatMap(outcome, (outcome) => conclude.write(ending, outcome, seen))
    return yield* about({ attempt: at.attempt })(done)
  })

  /** What the agent and its tools leave in it is gone with the attempt. */
  const withScratch = <A, E, R>(folder: string, use: Effect.Effect<A, E, R>) =>
    Effect.orDie(files.makeFolder(folder)).pipe(
      Effect.andThen(use),
      Effect.ensuring(unlessLeaving(files.removeFolder(folder))),
    )

  const program = Effect.fnUntraced(function* (
    at: Numbered,
    handle: ProgramAgentHandle,
    call: AgentCall,
    seen: Seen,
  ): Effect.fn.Return<Outcome.Outcome, Failure.Failure, Scope.Scope> {
    const request = yield* requestOf(at, handle, call)
    const launch = yield* handle.launch(request)
    const tooLong = Able.tooLong(handle.id, launch)
    if (tooLong !== undefined) return yield* tooLong
    // Most agents read stdin; a second copy of a long prompt is written only for those that read a file.
    if (Compose.mentions(launch, request.prompt_file))
      yield* Effect.orDie(files.write(request.prompt_file, request.prompt))
    const decoder = yield* handle.decoder(request)
    const scratch = `${at.dir}/tmp`
    const env = { TMPDIR: scratch, ...launch.env, ...call.env }
    const work = { launch: { ...launch, env }, decoder, agent: call.agent, model: call.model }
    const supervised = supervise(at, { ...work, max_cost_usd: call.max_cost_usd }, seen)
    return yield* Versions.named(handle, yield* withScratch(scratch, supervised))
  })

  /** An agent that is no process of the supervisor's. It ends with the hub, so a second reading finds it interrupted. */
  const stream = Effect.fnUntraced(function* (
    at: Numbered,
    handle: StreamAgentHandle,
    call: AgentCall,
    seen: Seen,
  ): Effect.fn.Return<Outcome.Outcome, Failure.Failure> {
    if (at.again) {
      // A hub that was killed could not end what it spoke with.
      yield* supervisor.sweepAttempt(at.dir)
      return Outcome.failed(Failure.of("interrupted", "The hub stopped while this agent was answering."))
    }
    const launch = { program: handle.id, args: [] }
    yield* begun(at, { launch, agent: call.agent, model: call.model }, 0, false)
    const scratch = `${at.dir}/tmp`
    const env = { TMPDIR: scratch, ...call.env }
    const request = yield* requestOf(at, handle, { ...call, env })
    const to = { ...at, agent: call.agent, seen, max_cost_usd: call.max_cost_usd }
    return yield* withScratch(
      scratch,
      streamed(to, (host) => handle.run(request, host)),
    )
  })

  const begin = (at: Numbered, handle: AgentHandle | undefined, call: AgentCall, seen: Seen) => {
    if (handle === undefined) return Effect.fail(vanished(call.agent))
    return handle.kind === "stream"
      ? stream(at, handle, call, seen)
      : Effect.scoped(program(at, handle, call, seen))
  }

  /** The call with no more permission than the run has, where the agent can do what it asks. One that is gone is told later. */
  const possible = Effect.fnUntraced(function* (
    { cwd, most }: Place,
    wish: AgentCall,
    handle: AgentHandle | undefined,
  ) {
    if (handle === undefined) return wish
    const { id, supports } = handle
    const call = yield* Permission.held(wish, most, supports.permission)
    const isBound = call.session !== undefined && supports.resume_in_folder === true
    const session = isBound ? yield* Effect.orDie(store.folderOfSession(id, call.session.id)) : undefined
    const refused = Able.refusal(handle, call, { cwd, session })
    return refused === undefined ? call : yield* refused
  })

  const once = Effect.fnUntraced(function* (place: Place, wish: AgentCall, handle: AgentHandle | undefined) {
    const held = yield* Effect.result(possible(place, wish, handle))
    const call = Result.getOrElse(held, () => wish)
    const { agent, model = null, permission = null } = call
    return yield* attempt(place, { kind: "agent", agent, model, permission }, (at, seen) =>
      Result.isFailure(held) ? Effect.fail(held.failure) : begin(at, handle, call, seen),
    )
  })

  /** An attempt that ended with the hub goes on, once, as a new attempt in the session it had reached. */
  const resumed = Effect.fnUntraced(function* (
    place: Place,
    call: AgentCall,
    handle: AgentHandle,
    failure: Failure.Failure,
  ) {
    const row = yield* Effect.orDie(store.attemptAt(place.run_id, place.name))
    const id = row?.session_id ?? undefined
    if (failure.class !== "interrupted" || handle.supports.resume !== true || id === undefined)
      return yield* failure
    return yield* once({ ...place, name: `${place.name}!resumed` }, { ...call, session: { id } }, handle)
  })

  return {
    agent: Effect.fnUntraced(function* (
      place: Place,
      call: AgentCall,
    ): Effect.fn.Return<Answer, Failure.Failure> {
      const handle = (yield* registry.current).agents.get(call.agent)
      const first = once(place, call, handle)
      if (handle?.kind !== "stream") return yield* first
      return yield* Effect.catch(first, (failure) => resumed(place, call, handle, failure))
    }),

    command: (place: Place, command: Command): Effect.Effect<CommandResult, Failure.Failure> =>
      Effect.map(
        attempt(place, { kind: "command", agent: null, model: null, permission: null }, (at, seen) =>
          supervise(at, { launch: command, decoder: CommandDecoder.decoder() }, seen),
        ),
        CommandDecoder.result,
      ),
  }
})

const unneeded = Outcome.failed(
  Failure.of("cancelled", "Ended before it was done: its result is not needed any more."),
)

const vanished = (agent: string) =>
  Failure.of(
    "missing_program",
    `No agent "${agent}": its plugin is not there any more. \`hub plugins\` shows which plugins run.`,
  )

export class Attempts extends Context.Service<Attempts, Effect.Success<typeof make>>()(
  "hub/dispatch/Attempts",
) {}

export const layer: Layer.Layer<
  Attempts,
  never,
  Asking | Store | Events | Engine | Files | Home | Secrets | Registry | Supervisor | Cooldowns | Lifecycle
> = Layer.effect(Attempts, make)

/** One start of an agent or a command: started once, followed, recorded; adopted after a restart. */
import { Clock, Context, Duration, Effect, Layer, Ref, Result, type Scope } from "effect"
import type { AgentRequest, Answer, Launch, Permission as Mode } from "../plugin/Agent.ts"
import {
  type AgentHandle,
  type DecoderHandle,
  type ProgramAgentHandle,
  Registry,
  type StreamAgentHandle,
} from "../plugin/Catalogue.ts"
import * as Failure from "../plugin/Failure.ts"
import type { AgentCall, CommandResult } from "../plugin/Step.ts"
import type { Limits } from "../pipeline/World.ts"
import type { Engine } from "../services/Engine.ts"
import { Events } from "../services/Events.ts"
import { Files } from "../services/Files.ts"
import { Home } from "../services/Home.ts"
import { about } from "../services/Log.ts"
import { Secrets } from "../services/Secrets.ts"
import { type Supervised, Supervisor } from "../services/Supervisor.ts"
import * as CommandDecoder from "./CommandDecoder.ts"
import * as Conclude from "./Conclude.ts"
import type { Asking } from "./Asking.ts"
import type { Cooldowns } from "./Cooldowns.ts"
import * as Follow from "./Follow.ts"
import * as HubTools from "./HubTools.ts"
import { Lifecycle } from "./Lifecycle.ts"
import * as Outcome from "./Outcome.ts"
import * as Permission from "./Permission.ts"
import { Seen } from "./Seen.ts"
import type { AttemptRow } from "./Rows.ts"
import { Store } from "./Store.ts"
import * as Streaming from "./Streaming.ts"
import * as Versions from "./Versions.ts"

/** Where an attempt belongs. */
export interface Place {
  readonly run_id: string
  readonly cwd: string
  /** The execution point: the attempt's identity inside the run. */
  readonly name: string
  readonly step: string
  readonly limits: Limits
  /** The most that an agent may do here; no limit when left out. */
  readonly most?: Mode | undefined
}

type What = Pick<AttemptRow, "kind" | "agent" | "model" | "permission">

interface Numbered extends Place {
  readonly attempt: number
  readonly started_at: number
  /** Spool folder. */
  readonly dir: string
  /** It was begun before this hub started. */
  readonly again: boolean
}

interface Work {
  readonly launch: Launch
  readonly decoder: DecoderHandle
  readonly agent?: string | undefined
  readonly model?: string | undefined
  readonly max_cost_usd?: number | undefined
}

export interface Command {
  readonly program: string
  readonly args: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
}

/** Between TERM and KILL. */
const grace = Duration.seconds(5)

const make = Effect.gen(function* () {
  const store = yield* Store
  const events = yield* Events
  const files = yield* Files
  const home = yield* Home
  const secrets = yield* Secrets
  const registry = yield* Registry
  const supervisor = yield* Supervisor
  const { leaving } = yield* Lifecycle
  const self = yield* HubTools.Self
  const follow = yield* Follow.make
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

  const begun = (at: Numbered, work: Work, pid: number, adopted: boolean) => {
    const { agent, launch, model } = work
    const args = launch.args.map((argument) => shorten(secrets.redact(argument)))
    const data = { ...(agent === undefined ? {} : { agent }), ...(model === undefined ? {} : { model }) }
    const place = { step: at.step, attempt: at.attempt }
    return Effect.orDie(
      Effect.andThen(
        events.appendOnce(at.run_id, `start:${at.attempt}`, [
          {
            ...place,
            type: "attempt_started",
            data: { ...data, program: launch.program, args, pid, dir: at.dir },
          },
        ]),
        adopted
          ? events.append(at.run_id, [{ ...place, type: "attempt_adopted", data: { pid } }])
          : Effect.void,
      ),
    ).pipe(
      Effect.andThen(noted(`attempt ${adopted ? "adopted" : "starts"}`, { step: at.step, ...data, pid })),
    )
  }

  /** Starts or adopts the program, and follows it to its end. */
  const supervise = Effect.fnUntraced(function* (at: Numbered, work: Work, seen: Seen) {
    const { attempt, cwd, dir, limits, run_id, step } = at
    const { decoder, launch, max_cost_usd } = work
    for (const [name, text] of Object.entries(launch.files ?? {})) {
      yield* Effect.orDie(files.write(`${dir}/${name}`, text))
    }
    const starting = Effect.result(
      supervisor.start({ ...launch, cwd, run_id, dir, time_limit: limits.timeout, grace }),
    )
    // From its start on somebody answers for the program: no interruption comes between the two.
    return yield* Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(starting, (started) => {
        if (started._tag === "Failure")
          return Effect.succeed(Outcome.failed(Outcome.notStarted(started.failure)))
        const supervised = started.success
        const followed = Effect.andThen(
          begun(at, work, supervised.pid, supervised.adopted),
          follow({ run_id, step, attempt, limits, supervised, decoder, seen, max_cost_usd }),
        )
        return Effect.onInterrupt(restore(followed), () => letGo(supervised))
      }),
    )
  })

  /** When the hub goes away the program goes on; when only this attempt is not wanted any more, it ends. */
  const letGo = (supervised: Supervised) =>
    Effect.flatMap(Ref.get(leaving), (going) => (going ? Effect.void : supervised.end))

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
    const outcome = Effect.onInterrupt(ran, () =>
      Effect.flatMap(Ref.get(leaving), (going) =>
        going ? Effect.void : Effect.ignore(conclude.write(ending, unneeded, seen)),
      ),
    )
    const done = Effect.flatMap(outcome, (outcome) => conclude.write(ending, outcome, seen))
    return yield* about({ attempt: at.attempt })(done)
  })

  const sessionOf = Effect.fnUntraced(function* ({ agent, session }: AgentCall) {
    if (session === undefined) return {}
    const usage = yield* Effect.orDie(store.usageOfSession(agent, session.id))
    return { session: usage === undefined ? session : { ...session, usage } }
  })

  const requestOf = Effect.fnUntraced(function* (at: Numbered, handle: AgentHandle, call: AgentCall) {
    const { attempt, cwd, dir, run_id } = at
    return {
      ...call,
      ...(yield* sessionOf(call)),
      ...(handle.supports.hub_tools === true ? { mcp: HubTools.server(self, home.path, run_id) } : {}),
      run_id,
      attempt,
      cwd,
      dir,
      prompt_file: `${dir}/prompt`,
    } satisfies AgentRequest
  })

  /** What the agent and its tools leave in it is gone with the attempt. */
  const withScratch = <A, E, R>(folder: string, use: Effect.Effect<A, E, R>) =>
    Effect.orDie(files.makeFolder(folder)).pipe(
      Effect.andThen(use),
      Effect.ensuring(
        Effect.flatMap(Ref.get(leaving), (going) =>
          going ? Effect.void : Effect.ignore(files.removeFolder(folder)),
        ),
      ),
    )

  const program = Effect.fnUntraced(function* (
    at: Numbered,
    handle: ProgramAgentHandle,
    call: AgentCall,
    seen: Seen,
  ): Effect.fn.Return<Outcome.Outcome, Failure.Failure, Scope.Scope> {
    const request = yield* requestOf(at, handle, call)
    const launch = yield* handle.launch(request)
    // Most agents read stdin; a second copy of a long prompt is written only for those that read a file.
    if (mentions(launch, request.prompt_file))
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
    const work = { launch: { program: handle.id, args: [] }, decoder: noDecoder }
    yield* begun(at, { ...work, agent: call.agent, model: call.model }, 0, false)
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

  const once = Effect.fnUntraced(function* (place: Place, wish: AgentCall, handle: AgentHandle | undefined) {
    const held = yield* Effect.result(Permission.held(wish, place.most, handle?.supports.permission))
    const call = Result.getOrElse(held, () => wish)
    const { agent, model = null, permission = null } = call
    return yield* attempt(place, { kind: "agent", agent, model, permission }, (at, seen) =>
      Result.isFailure(held) && handle !== undefined
        ? Effect.fail(held.failure)
        : begin(at, handle, call, seen),
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

const noted = (what: string, facts: object) => Effect.annotateLogs(Effect.logInfo(what), { ...facts })

const unneeded = Outcome.failed(
  Failure.of("cancelled", "Ended before it was done: its result is not needed any more."),
)

const vanished = (agent: string) =>
  Failure.of(
    "missing_program",
    `No agent "${agent}": its plugin is not there any more. \`hub plugins\` shows which plugins run.`,
  )

const noDecoder: DecoderHandle = {
  may_skip: false,
  feed: () => Effect.succeed([]),
  end: () => Effect.succeed({ text: "" }),
}

/** A prompt in an argument may be 100 KB long. */
const shorten = (argument: string) => (argument.length <= 200 ? argument : `${argument.slice(0, 199)}…`)

const mentions = (launch: Launch, file: string): boolean =>
  launch.args.some((argument) => argument.includes(file)) ||
  (launch.stdin !== undefined && "file" in launch.stdin && launch.stdin.file === file) ||
  Object.values(launch.env ?? {}).some((value) => value?.includes(file) === true) ||
  Object.values(launch.files ?? {}).some((text) => text.includes(file))

export class Attempts extends Context.Service<Attempts, Effect.Success<typeof make>>()(
  "hub/dispatch/Attempts",
) {}

export const layer: Layer.Layer<
  Attempts,
  never,
  Asking | Store | Events | Engine | Files | Home | Secrets | Registry | Supervisor | Cooldowns | Lifecycle
> = Layer.effect(Attempts, make)

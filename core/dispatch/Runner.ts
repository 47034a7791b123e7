/** Executes accepted runs: the plan they were accepted with, from its start, each recorded step once. */
import { Cause, Clock, Context, Deferred, Effect, Layer, Option, Ref } from "effect"
import * as Failure from "../plugin/Failure.ts"
import { Registry } from "../plugin/Catalogue.ts"
import type { StepAnswer } from "../plugin/Step.ts"
import * as Run from "../pipeline/Run.ts"
import { Engine } from "../services/Engine.ts"
import { type EventDraft, Events } from "../services/Events.ts"
import { Home } from "../services/Home.ts"
import { about, aboutOnly } from "../services/Log.ts"
import { ended, type RunState } from "../services/Runs.ts"
import { redactAll, Secrets } from "../services/Secrets.ts"
import { StorageFailed } from "../services/Sql.ts"
import { FileFailed } from "../services/Workspace.ts"
import { Supervisor } from "../services/Supervisor.ts"
import { Lifecycle } from "./Lifecycle.ts"
import { Plans } from "./Plans.ts"
import { ofRun, Projects } from "./Projects.ts"
import * as RunWorld from "./RunWorld.ts"
import { settled } from "./Settled.ts"
import type { RunEnd, RunRow } from "./Rows.ts"
import { Store } from "./Store.ts"
import * as Answers from "./Answers.ts"

/** Between an end that could not be written and the next try: a full disk is not emptied in a moment. */
const pause = "5 seconds"

/** Executions of a run that a bug ended, where the end broke too. */
const mostTries = 5

/** Not the run's own fault, and over once there is room, or the database is free. */
const isOfStorage = (error: unknown): error is StorageFailed | FileFailed =>
  error instanceof StorageFailed || (error instanceof FileFailed && error.reason === "full")

/** How a run ends that failed so. */
export const stateOf = (failure: Failure.Failure): RunState => {
  if (failure.class === "timed_out" || failure.class === "stalled") return "timed_out"
  return failure.class === "cancelled" ? "cancelled" : "failed"
}

const endEvent = (state: RunState, data: Readonly<Record<string, unknown>>): EventDraft => ({
  type: `run_${state}`,
  data,
})

const make = Effect.gen(function* () {
  const store = yield* Store
  const events = yield* Events
  const engine = yield* Engine
  const plans = yield* Plans
  const projects = yield* Projects
  const registry = yield* Registry
  const supervisor = yield* Supervisor
  const home = yield* Home
  const secrets = yield* Secrets
  const { leaving } = yield* Lifecycle
  const worldOf = yield* RunWorld.make
  const shortened = yield* Answers.make
  const waiting = yield* Ref.make<ReadonlyMap<string, Deferred.Deferred<void>>>(new Map())

  const wake = Effect.fnUntraced(function* (run_id: string) {
    const deferred = (yield* Ref.get(waiting)).get(run_id)
    if (deferred === undefined) return
    yield* Ref.update(waiting, (all) => new Map([...all].filter(([id]) => id !== run_id)))
    yield* Deferred.succeed(deferred, undefined)
  })

  /** Nothing of the run is left when it is said to have ended. */
  const finish = Effect.fnUntraced(function* (
    run_id: string,
    end: RunEnd,
    data: Readonly<Record<string, unknown>>,
  ) {
    yield* supervisor.sweep(run_id)
    yield* events.appendOnce(run_id, "end", [endEvent(end.state, data)])
    yield* store.end(run_id, end)
    yield* about({ component: "dispatch", run: run_id })(Effect.logInfo(`run ${end.state}`))
    yield* wake(run_id)
  })

  const succeed = Effect.fnUntraced(function* (run_id: string, answer: StepAnswer) {
    const at = yield* Clock.currentTimeMillis
    const kept = yield* shortened(run_id, redactAll(answer, secrets.redactKnown))
    yield* finish(
      run_id,
      { state: "succeeded", at, ...kept, answered_by: answer.by },
      { answered_by: answer.by },
    )
  })

  const fail = Effect.fnUntraced(function* (run_id: string, failure: Failure.Failure) {
    const at = yield* Clock.currentTimeMillis
    const facts = redactAll(failure.facts, secrets.redact)
    yield* finish(run_id, { state: stateOf(failure), at, failure: facts }, { failure: facts })
  })

  const cancelled = (run_id: string) => fail(run_id, Failure.of("cancelled", "Cancelled by request."))

  /** Attempts that a stopped hub left running, of a run that is not wanted any more. */
  const endAttempts = Effect.fnUntraced(function* (run_id: string) {
    for (const row of yield* store.attempts(run_id)) {
      if (row.state !== "running") continue
      const found = yield* supervisor.find(`${home.runs}/${run_id}/${row.attempt}`)
      if (Option.isSome(found)) yield* found.value.end
      const failure = Failure.of("cancelled", "Cancelled by request.", {
        step: row.step,
        attempt: row.attempt,
      })
      const at = yield* Clock.currentTimeMillis
      yield* store.endAttempt(run_id, row.attempt, { state: "cancelled", at, failure: failure.facts })
    }
  })

  const opening = Effect.fnUntraced(function* (row: RunRow) {
    const { client, cwd, pipeline, project, run_id } = row
    const data = { pipeline, cwd, client, ...(project === null ? {} : { project }) }
    // Whoever hears of the start finds it done.
    yield* store.started(run_id, yield* Clock.currentTimeMillis)
    yield* events.appendOnce(run_id, "start", [{ type: "run_accepted", data }, { type: "run_started" }])
    if (row.started_at !== null) yield* events.append(run_id, [{ type: "run_resumed" }])
    yield* Effect.annotateLogs(Effect.logInfo(row.started_at === null ? "run starts" : "run goes on"), data)
  })

  const interpret = Effect.fnUntraced(function* (row: RunRow) {
    yield* settled(registry)
    const sources = Effect.orDie(store.sources(row.plan_hash))
    const plan = yield* Effect.mapError(plans.again(row.plan_hash, sources), (error) =>
      Failure.of(
        "adapter_mismatch",
        `The pipeline this run was accepted with cannot be resolved any more: ${error.message}`,
      ),
    )
    const run = {
      run_id: row.run_id,
      prompt: row.prompt,
      cwd: row.cwd,
      project: yield* ofRun(projects, row.project),
      input: JSON.parse(row.input) as Record<string, unknown>,
    }
    const world = worldOf(run, row.permission ?? undefined)
    const { agents, conditions } = yield* registry.current
    return yield* Run.run(plan, world, conditions, agents)
  })

  const execute = Effect.fnUntraced(function* (run_id: string) {
    const row = yield* store.run(run_id)
    if (row === undefined || ended(row.state)) return
    if (row.cancel_requested === 1) {
      yield* endAttempts(run_id)
      return yield* cancelled(run_id)
    }
    const done = Effect.matchEffect(interpret(row), {
      onSuccess: (answer) => succeed(run_id, answer),
      onFailure: (failure) => fail(run_id, failure),
    })
    yield* about({ client: row.client })(Effect.andThen(opening(row), done))
  })

  const later = (run_id: string, tries: number): Effect.Effect<void> =>
    Effect.andThen(
      Effect.sleep(pause),
      Effect.suspend(() => guarded(run_id, tries)),
    )

  /** A storage failure is not the run's: it is executed anew once the storage is back. Any other bug ends the run. */
  const guarded = (run_id: string, tries = 1): Effect.Effect<void> =>
    Effect.catchCause(execute(run_id), (cause) => recover(run_id, cause, tries, endedByBug(run_id, tries)))

  const recover = (
    run_id: string,
    cause: Cause.Cause<unknown>,
    tries: number,
    broken: (cause: Cause.Cause<unknown>) => Effect.Effect<void>,
  ): Effect.Effect<void> => {
    if (Cause.hasInterrupts(cause)) return Effect.interrupt
    const error = Cause.squash(cause)
    if (!isOfStorage(error)) return broken(cause)
    return Effect.andThen(Effect.logError(`run waits for storage: ${error.message}`), later(run_id, tries))
  }

  /** Where the end itself breaks too, it is tried anew a few times, then written without all that belongs to it. */
  const endedByBug = (run_id: string, tries: number) => (cause: Cause.Cause<unknown>) =>
    Effect.gen(function* () {
      const id = crypto.randomUUID().slice(0, 8)
      yield* Effect.logError(`run ended by a bug (${id})`, cause)
      const message = `A bug in the hub ended this run: ${String(Cause.squash(cause))}. The log has the cause under ${id}.`
      const failure = Failure.of("crashed", secrets.redact(message))
      yield* Effect.catchCause(fail(run_id, failure), (second) =>
        recover(run_id, second, tries, () =>
          tries < mostTries ? later(run_id, tries + 1) : bareEnd(run_id, failure),
        ),
      )
    })

  const bareEnd = (run_id: string, { facts }: Failure.Failure) =>
    Effect.gen(function* () {
      yield* store.end(run_id, { state: "failed", at: yield* Clock.currentTimeMillis, failure: facts })
      yield* wake(run_id)
    }).pipe(Effect.catch(() => later(run_id, mostTries)))

  const start = (run_id: string) =>
    engine.start(run_id, aboutOnly({ component: "dispatch", run: run_id })(guarded(run_id)))

  return {
    start,

    accepting: engine.accepting,

    /** Starts what an earlier hub left open: running attempts are adopted. Gives how many runs there were. */
    resume: Effect.gen(function* () {
      const open = yield* store.open
      yield* Effect.forEach(open, ({ run_id }) => start(run_id), { discard: true })
      return open.length
    }),

    /** Ends the run and whatever it runs. */
    cancel: Effect.fnUntraced(function* (run_id: string) {
      if (!(yield* store.requestCancel(run_id))) return
      yield* engine.interrupt(run_id)
      yield* endAttempts(run_id)
      yield* cancelled(run_id)
    }),

    /** Returns once the run has ended. */
    awaitEnd: Effect.fnUntraced(function* (run_id: string) {
      const fresh = yield* Deferred.make<void>()
      const deferred = yield* Ref.modify(waiting, (all) => {
        const known = all.get(run_id)
        return known === undefined ? [fresh, new Map(all).set(run_id, fresh)] : [known, all]
      })
      const row = yield* store.run(run_id)
      if (row === undefined || ended(row.state)) return yield* wake(run_id)
      yield* Deferred.await(deferred)
    }),

    /** A clean stop: executions end, programs go on, the next hub takes both up. */
    leave: Effect.andThen(Ref.set(leaving, true), engine.stop),

    /** Returns once no run has executed for two seconds: whoever dispatched the last one may ask for its answer. */
    idle: Effect.gen(function* () {
      do {
        yield* engine.idle
        yield* Effect.sleep("2 seconds")
      } while ((yield* engine.executing).length > 0)
    }),

    /** Runs in execution. */
    busy: Effect.map(engine.executing, (ids) => ids.length),
  }
})

export class Runner extends Context.Service<Runner, Effect.Success<typeof make>>()("hub/dispatch/Runner") {}
export const layer = Layer.effect(Runner, make)

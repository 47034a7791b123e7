/** Accepts work and answers for it: the request becomes a plan and a run on disk, and an id at once. */
import { Clock, Context, type Duration, Effect, Layer, Schema } from "effect"
import type { Caller } from "../plugin/Operation.ts"
import type { Talk } from "../plugin/Talk.ts"
import { checkInput, type InputRefused } from "../pipeline/Input.ts"
import type { Plan, Source } from "../pipeline/Plan.ts"
import type { Events } from "../services/Events.ts"
import { Files } from "../services/Files.ts"
import type { FolderUnusable } from "../services/Processes.ts"
import { type DispatchRequest, ended, type RunState } from "../services/Runs.ts"
import type { StorageFailed } from "../services/Sql.ts"
import { didYouMean } from "../toml/Toml.ts"
import { AnswerRefused, Asking, type Given } from "./Asking.ts"
import * as Calls from "./Calls.ts"
import type { RunView } from "./Model.ts"
import * as Permission from "./Permission.ts"
import { type Hashed, type PlanError, Plans } from "./Plans.ts"
import { present } from "./Present.ts"
import { type Project, Projects, type ProjectsError } from "./Projects.ts"
import * as RunId from "./RunId.ts"
import { Runner } from "./Runner.ts"
import type { CallRow, NewCall, NewRun, RunRow } from "./Rows.ts"
import { Store } from "./Store.ts"
import * as View from "./View.ts"
import * as Waiting from "./Waiting.ts"

/** The request itself is wrong: which part, and what to give instead. */
export class RequestRefused extends Schema.TaggedError<RequestRefused>()("RequestRefused", {
  message: Schema.String,
}) {}

const refuse = (message: string) => Effect.fail(new RequestRefused({ message }))

export class RunUnknown extends Schema.TaggedError<RunUnknown>()("RunUnknown", { message: Schema.String }) {}

export type DispatchError =
  | RequestRefused
  | RunUnknown
  | Calls.KeyTaken
  | FolderUnusable
  | PlanError
  | ProjectsError
  | InputRefused
  | StorageFailed
  | AnswerRefused

/** An agent may ask the hub, whose agent may ask the hub …: this deep, and no deeper. */
const deepest = 5
const longestPrompt = 16 * 1024 * 1024

type Asked = "agent" | "fallback" | "model" | "permission" | "session" | "fork"

/** What is asked of agents, as far as something is. */
const wishOf = ({ agent, fallback = [], fork, model, permission, session }: DispatchRequest) =>
  present<Pick<DispatchRequest, Asked>>({
    agent,
    fallback: fallback.length === 0 ? undefined : fallback,
    model,
    permission,
    session,
    fork,
  })

const itself = (pipeline: string, asked: ReadonlyArray<string>): string =>
  `pipeline ${JSON.stringify(pipeline)} says itself who does what: leave out ${asked.join(", ")}, or name an agent instead of a pipeline`

/** Whoever may only dispatch sets no agent free; a pipeline that does was written by the hub's owner. */
const checkPermission = ({ permission }: DispatchRequest, { scopes }: Caller) =>
  permission !== "bypass" || scopes === undefined || scopes.includes("admin")
    ? Effect.void
    : refuse(
        'permission "bypass" lets an agent do everything: it needs the scope admin, or a pipeline that says so',
      )

export interface Place {
  readonly cwd: string
  readonly project: { readonly name: string; readonly settings: Project } | undefined
}

export interface Prepared extends Hashed {
  readonly place: Place
  readonly input: Readonly<Record<string, unknown>>
}

export interface Accepted {
  readonly run_id: string
  readonly state: RunState
}

const make = Effect.gen(function* () {
  const store = yield* Store
  const plans = yield* Plans
  const projects = yield* Projects
  const files = yield* Files
  const runner = yield* Runner
  const asking = yield* Asking
  const waiting = yield* Waiting.make

  const projectNamed = Effect.fnUntraced(function* (name: string) {
    const all = yield* projects.all
    const settings = all.get(name)
    if (settings !== undefined) return { name, settings }
    const known = [...all.keys()]
    const hint = known.length === 0 ? "projects.toml names none." : didYouMean(name, known)
    return yield* refuse(`no project ${JSON.stringify(name)}. ${hint}`)
  })

  const placeOf = Effect.fnUntraced(function* ({ cwd, project }: DispatchRequest, caller: Caller) {
    if (project !== undefined && cwd !== undefined)
      return yield* refuse("give either a project or a folder (cwd), not both")
    const named = project === undefined ? undefined : yield* projectNamed(project)
    const folder = named?.settings.path ?? cwd ?? caller.cwd
    if (folder === undefined) return yield* refuse("say where to work: a project's name, or a folder (cwd)")
    return { cwd: yield* files.folder(folder), project: named } satisfies Place
  })

  const planOf = (
    request: DispatchRequest,
    { project }: Place,
  ): Effect.Effect<Hashed, PlanError | RequestRefused> => {
    const settings = project?.settings
    const wish = wishOf(request)
    const pipeline = request.pipeline ?? (wish.agent === undefined ? settings?.pipeline : undefined)
    if (pipeline !== undefined) {
      const asked = Object.keys(wish)
      return asked.length === 0 ? plans.named(pipeline) : refuse(itself(pipeline, asked))
    }
    if (wish.agent !== undefined) return plans.ofAgents({ ...wish, agent: wish.agent })
    if (wish.fallback !== undefined)
      return refuse("a fallback follows an agent: name the first one with agent")
    if (settings?.agent !== undefined)
      return plans.ofAgents({ ...wish, agent: settings.agent, fallback: settings.fallback })
    return refuse(
      "say who does it: a pipeline or an agent (`hub pipelines`, `hub agents`), or set one for the project",
    )
  }

  const prepare = Effect.fnUntraced(function* (
    request: DispatchRequest,
    caller: Caller,
    source?: Source,
  ): Effect.fn.Return<Prepared, DispatchError> {
    yield* checkPermission(request, caller)
    const place = yield* placeOf(request, caller)
    const { hash, plan } = yield* source === undefined ? planOf(request, place) : plans.ofSource(source)
    const input = yield* checkInput(plan, request.input ?? {}, request.prompt)
    return { place, plan, hash, input }
  })

  const checkPrompt = ({ prompt }: DispatchRequest) => {
    if (prompt.trim() === "") return refuse("the prompt is empty: say what to do")
    if (prompt.length > longestPrompt)
      return refuse(
        `the prompt has ${prompt.length} characters; at most ${longestPrompt} are taken: name a file in it`,
      )
    return Effect.void
  }

  const checkDepth = Effect.fnUntraced(function* (parent: string | undefined) {
    let above = parent
    for (let depth = 1; above !== undefined; depth++) {
      if (depth > deepest)
        return yield* refuse(
          `this call comes from a run inside ${deepest} other runs: the hub goes no deeper`,
        )
      above = (yield* store.run(above))?.parent_run ?? undefined
    }
  })

  /** The most that a run from within this one may do. Fails where the runs stand too deep in each other. */
  const permissionOf = Effect.fnUntraced(function* (parent: string | undefined) {
    yield* checkDepth(parent)
    const row = parent === undefined ? undefined : yield* store.run(parent)
    if (row === undefined) return null
    return Permission.passedOn(row, yield* store.attempts(row.run_id)) ?? null
  })

  /**
   * Gives the earlier call when the same one has become a run meanwhile.
   *
   * Not interruptible: a client that hangs up in between must not leave a run that nobody starts.
   */
  const begin = (run: NewRun, plan: Plan, call: NewCall | undefined) =>
    Effect.uninterruptible(
      Effect.tap(store.accept(run, plan.sources, call), (earlier) =>
        earlier === undefined ? runner.start(run.run_id) : Effect.void,
      ),
    )

  const unknown = (reference: string) =>
    new RunUnknown({ message: `no run ${JSON.stringify(reference)}: \`hub runs list\` shows what there is` })

  const byEnd = Effect.fnUntraced(function* (reference: string) {
    const found = RunId.isReference(reference) ? yield* store.endingWith(reference) : []
    const [only, another] = found
    if (only === undefined) return yield* unknown(reference)
    if (another !== undefined)
      return yield* new RunUnknown({
        message: `more than one run ends with "${reference}": give more of its id`,
      })
    return only
  })

  /** The run that is meant by its id, the end of its id, or `last`. */
  const find = Effect.fnUntraced(function* (
    reference: string,
  ): Effect.fn.Return<RunRow, RunUnknown | StorageFailed> {
    const exact = yield* store.run(reference)
    if (exact !== undefined) return exact
    const run_id = reference === "last" ? (yield* store.newest)?.run_id : yield* byEnd(reference)
    const row = run_id === undefined ? undefined : yield* store.run(run_id)
    return row ?? (yield* unknown(reference))
  })

  const again = Effect.fnUntraced(function* (call: NewCall, earlier: CallRow) {
    const { run_id, state } = yield* find(yield* Calls.repeated(call, earlier))
    // Accepted, but nobody was told: the disk may have failed between the two. One that executes goes on as it is.
    if (!ended(state)) yield* runner.start(run_id)
    return { run_id, state }
  })

  const view = (row: RunRow) =>
    View.one(row).pipe(Effect.provideService(Store, store), Effect.provideService(Asking, asking))

  const accept = Effect.fn("Dispatch.accept")(function* (
    request: DispatchRequest,
    caller: Caller,
  ): Effect.fn.Return<Accepted, DispatchError> {
    yield* checkPrompt(request)
    const call = yield* Calls.of(request, caller)
    const known = call && (yield* store.call(call.key))
    if (call !== undefined && known !== undefined) return yield* again(call, known)
    const { hash, input, place, plan } = yield* prepare(request, caller)
    const permission = yield* permissionOf(caller.parent_run)
    const run = {
      run_id: yield* RunId.next,
      project: place.project?.name ?? null,
      cwd: place.cwd,
      pipeline: plan.id,
      prompt: request.prompt,
      input: JSON.stringify(input),
      plan_hash: hash,
      parent_run: caller.parent_run ?? null,
      permission,
      client: caller.client,
      accepted_at: yield* Clock.currentTimeMillis,
    }
    const earlier = yield* begin(run, plan, call)
    if (call !== undefined && earlier !== undefined) return yield* again(call, earlier)
    return { run_id: run.run_id, state: "queued" }
  })

  return {
    find,

    /** What a request would become: where, by which plan (of `source`, when given), with which inputs. Changes nothing. */
    prepare,

    /** On disk, and handed over, when it returns. A call that is repeated under its key gives the same run again. */
    accept: (request: DispatchRequest, caller: Caller) => runner.accepting(accept(request, caller)),

    /** The run now, or as soon as it has ended within `wait`; `tell` hears meanwhile what happens in it, from now on unless told. */
    check: Effect.fnUntraced(function* (
      reference: string,
      wait?: Duration.Duration,
      telling?: { readonly tell: Talk["progress"]; readonly after?: number | undefined },
    ): Effect.fn.Return<RunView, RunUnknown | StorageFailed> {
      const row = yield* find(reference)
      if (wait === undefined || ended(row.state)) return yield* view(row)
      const { after = yield* store.lastSeq(row.run_id) } = telling ?? {}
      yield* waiting(row.run_id, wait, telling && { ...telling, after })
      return yield* view(yield* find(row.run_id))
    }),

    /** Answers an open question of the run: its agent goes on. */
    answer: Effect.fnUntraced(function* (reference: string, given: Given) {
      const { run_id, state } = yield* find(reference)
      if (ended(state))
        return yield* new AnswerRefused({ code: "conflict", message: `${run_id} has ended: ${state}.` })
      return { run_id, ...(yield* asking.answer(run_id, given)) }
    }),

    cancel: Effect.fnUntraced(function* (reference: string) {
      const row = yield* find(reference)
      yield* runner.cancel(row.run_id)
      return yield* view(yield* find(row.run_id))
    }),
  }
})

export class Dispatch extends Context.Service<Dispatch, Effect.Success<typeof make>>()(
  "hub/dispatch/Dispatch",
) {}
export const layer: Layer.Layer<
  Dispatch,
  never,
  Store | Plans | Projects | Files | Runner | Events | Asking
> = Layer.effect(Dispatch, make)

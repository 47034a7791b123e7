/**
 * What agents ask while they work. A run waits as long as a question of it is open.
 *
 * Open questions are kept in memory: whoever asked ends with the hub, and asks anew when the next one resumes it.
 */
import { Clock, Context, DateTime, Deferred, Duration, Effect } from "effect"
import { Layer, Ref, Schema, Semaphore, Stream, SubscriptionRef } from "effect"
import type { AgentHost, PermissionQuestion, Reply } from "../plugin/Agent.ts"
import { Events } from "../services/Events.ts"
import { redactAll, Secrets } from "../services/Secrets.ts"
import * as Choosing from "./Choosing.ts"
import type { OpenQuestion } from "./Model.ts"
import { Store } from "./Store.ts"

export class AnswerRefused extends Schema.TaggedError<AnswerRefused>()("AnswerRefused", {
  code: Schema.Literals(["invalid", "not_found", "conflict"]),
  message: Schema.String,
}) {}

/** Which attempt asks. */
export interface Asker {
  readonly run_id: string
  readonly agent: string
  readonly step: string
  readonly attempt: number
}

export interface Given {
  /** Of the question. May be left out while there is only one. */
  readonly id?: string | undefined
  /** Id of a choice, or `allow`, `allow-always`, `deny`, `deny-always`. */
  readonly choice: string
  readonly note?: string | undefined
  /** Client that says so. */
  readonly by: string
}

interface Open {
  readonly asker: Asker
  readonly id: string
  readonly question: OpenQuestion
  readonly reply: Deferred.Deferred<Reply>
}

/** How long somebody may take, unless the agent's plugin says otherwise. */
const patience = Duration.minutes(30)

/** Open questions of one run: whoever asks for more is denied. */
const most = 20

const make = Effect.gen(function* () {
  const store = yield* Store
  const events = yield* Events
  const { redactKnown } = yield* Secrets
  const all = yield* SubscriptionRef.make<ReadonlyArray<Open>>([])
  // The state of a run follows from its open questions, so the two change together.
  const turn = yield* Semaphore.make(1)

  const ofRun = (run_id: string) =>
    Effect.map(SubscriptionRef.get(all), (open) => open.filter(({ asker }) => asker.run_id === run_id))

  const change = (run_id: string, next: (open: ReadonlyArray<Open>) => ReadonlyArray<Open>) =>
    Effect.gen(function* () {
      const open = next(yield* SubscriptionRef.get(all))
      // Whoever hears of a question finds its run waiting.
      yield* store.waits(
        run_id,
        open.some(({ asker }) => asker.run_id === run_id),
      )
      yield* SubscriptionRef.set(all, open)
      return open
    }).pipe(turn.withPermits(1), Effect.orDie)

  const until = (holds: (open: ReadonlyArray<Open>) => boolean): Effect.Effect<void> =>
    SubscriptionRef.changes(all).pipe(Stream.filter(holds), Stream.runHead, Effect.asVoid)

  const say = ({ attempt, run_id, step }: Asker, type: string, data: Readonly<Record<string, unknown>>) =>
    Effect.orDie(Effect.asVoid(events.append(run_id, [{ type, step, attempt, data }])))

  /** `undefined` where the run has as many open as it may. */
  const open = Effect.fnUntraced(function* (
    asker: Asker,
    id: string,
    question: PermissionQuestion,
    expires: Duration.Duration,
  ) {
    const until = (yield* Clock.currentTimeMillis) + Duration.toMillis(expires)
    const expires_at = DateTime.formatIso(DateTime.makeUnsafe(until))
    const shown = Choosing.bounded(redactAll(question, redactKnown))
    const { agent, attempt, run_id, step } = asker
    const made: Open = {
      asker,
      id,
      question: { ...Choosing.form(agent, shown), ...shown, agent, step, attempt, expires_at },
      reply: yield* Deferred.make<Reply>(),
    }
    const now = yield* change(run_id, (before) => (isFull(before, run_id) ? before : [...before, made]))
    if (!now.includes(made)) return undefined
    yield* say(asker, "input_required", { id, kind: "permission", ...shown, expires_at })
    return made
  })

  const denied = ({ choices }: PermissionQuestion, because: string): Reply => ({
    choice: Choosing.denial(choices),
    because,
  })

  const tooMany = (question: PermissionQuestion) =>
    denied(question, `The run has ${most} open questions already.`)

  const replied = (one: Open, expires: Duration.Duration) =>
    Deferred.await(one.reply).pipe(
      Effect.timeoutOrElse({
        duration: expires,
        orElse: () =>
          Effect.succeed(denied(one.question, `Nobody answered within ${Duration.format(expires)}.`)),
      }),
      Effect.tap(({ because, choice }) =>
        say(one.asker, "input_answered", { id: one.id, choice: choice?.id ?? "deny", because }),
      ),
    )

  const close = (one: Open) => change(one.asker.run_id, (open) => open.filter((other) => other !== one))

  const theOne = Effect.fnUntraced(function* (run_id: string, id: string | undefined) {
    const open = yield* ofRun(run_id)
    const [first, another] = open
    if (first === undefined) return yield* refused("conflict", `${run_id} asks nothing now.`)
    const known = open.map((one) => `${one.id} (${one.question.text})`).join(", ")
    if (id === undefined && another !== undefined)
      return yield* refused("invalid", `${run_id} asks more than one question. Say which: ${known}.`)
    const found = id === undefined ? first : open.find((one) => one.id === id)
    return found ?? (yield* refused("not_found", `${run_id} has no open question "${id}". Open: ${known}.`))
  })

  return {
    /** What one attempt asks with. */
    askerOf: (asker: Asker) =>
      Effect.map(Ref.make(0), (count): AgentHost["ask"] =>
        Effect.fnUntraced(function* (question, options) {
          const expires = Duration.fromInputUnsafe(options?.expires ?? patience)
          const id = `${asker.attempt}.${yield* Ref.updateAndGet(count, (n) => n + 1)}`
          return yield* Effect.acquireUseRelease(
            open(asker, id, question, expires),
            (one) => (one === undefined ? Effect.succeed(tooMany(question)) : replied(one, expires)),
            (one) => (one === undefined ? Effect.void : close(one)),
          )
        }),
      ),

    /** The open questions of a run, by id. */
    open: (run_id: string): Effect.Effect<Readonly<Record<string, OpenQuestion>>> =>
      Effect.map(ofRun(run_id), (open) => Object.fromEntries(open.map(({ id, question }) => [id, question]))),

    /** Returns once the run asks something. */
    asks: (run_id: string) => until((open) => open.some(({ asker }) => asker.run_id === run_id)),

    /** The first answer counts. The question is not open any more when it returns. */
    answer: Effect.fnUntraced(function* (run_id: string, { by, choice: said, id, note }: Given) {
      const one = yield* theOne(run_id, id)
      const made = Choosing.chosen(one.question.choices, said)
      if (made === undefined) {
        const known = Choosing.sayable(one.question.choices).join(", ")
        return yield* refused(
          "invalid",
          `${JSON.stringify(said.slice(0, 100))} is no answer to it. Known: ${known}.`,
        )
      }
      const because = `${by} answered${note === undefined ? "." : `: ${note}`}`
      if (!(yield* Deferred.succeed(one.reply, { ...made, because })))
        return yield* refused("conflict", `Question ${one.id} of ${run_id} has been answered already.`)
      yield* until((open) => !open.includes(one))
      return { id: one.id, choice: made.choice?.id ?? "deny" }
    }),
  }
})

const isFull = (open: ReadonlyArray<Open>, run_id: string): boolean =>
  open.filter(({ asker }) => asker.run_id === run_id).length >= most

const refused = (code: AnswerRefused["code"], message: string) =>
  Effect.fail(new AnswerRefused({ code, message }))

export class Asking extends Context.Service<Asking, Effect.Success<typeof make>>()("hub/dispatch/Asking") {}
export const layer: Layer.Layer<Asking, never, Store | Events | Secrets> = Layer.effect(Asking, make)

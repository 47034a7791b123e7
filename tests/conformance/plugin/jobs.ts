/** Operations that start something long, and those that look at it, answer its questions and end it. */
import { Deferred, Effect, Exit, Fiber, Schema, type Scope } from "effect"
import { Field, Operation, type Talk } from "hub/plugin"
import { form, nameOf } from "./asking.ts"

interface Job {
  readonly fiber: Fiber.Fiber<string, Failed>
  /** Those not answered yet. */
  readonly questions: Map<string, Talk.Question>
  readonly replies: Record<string, unknown>
  readonly answered: Deferred.Deferred<void>
}

interface Failed {
  readonly message: string
  readonly class?: string
}

const long = {
  id: "job_id",
  check: "test_check_job",
  cancel: "test_cancel_job",
  list: "test_list_jobs",
  reply: "test_reply_job",
}

const JobId = { job_id: Field.required(Schema.NonEmptyString, "The job.") }
const Started = Schema.Struct({ job_id: Schema.String, state: Schema.String })
const Checked = Schema.Struct({
  ...Started.fields,
  answer: Schema.optionalKey(Schema.String),
  failure: Schema.optionalKey(
    Schema.Struct({ message: Schema.String, class: Schema.optionalKey(Schema.String) }),
  ),
  questions: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
})

const none = Schema.Struct({})

type Replies = Effect.Effect<Readonly<Record<string, unknown>>>

const starting = <I extends Schema.Top>(
  name: string,
  summary: string,
  input: I,
  run: (input: I["Type"], talk: Talk.Talk) => Effect.Effect<typeof Started.Type, Operation.OperationFailed>,
  more: Partial<Operation.Long> = {},
) =>
  Operation.make({
    name,
    summary,
    input,
    output: Started,
    readonly: false,
    long: { ...long, ...more },
    run: (input, _, talk) => run(input, talk),
  })

export const jobsIn = (scope: Scope.Scope) => {
  const jobs = new Map<string, Job>()

  /** `work` is given the replies, once each of the questions has one. */
  const start = Effect.fnUntraced(function* (
    work: (replies: Replies) => Effect.Effect<string, Failed>,
    questions: Talk.Questions = {},
  ) {
    const job_id = crypto.randomUUID()
    const answered = yield* Deferred.make<void>()
    const replies = {}
    const fiber = yield* Effect.forkIn(work(Effect.as(Deferred.await(answered), replies)), scope)
    jobs.set(job_id, { fiber, questions: new Map(Object.entries(questions)), replies, answered })
    return { job_id, state: "running" }
  })

  const find = (job_id: string) => {
    const job = jobs.get(job_id)
    return job === undefined
      ? Effect.fail(
          new Operation.OperationFailed({ code: "not_found", message: `There is no job "${job_id}".` }),
        )
      : Effect.succeed(job)
  }

  const check = (job_id: string) => Effect.map(find(job_id), (job) => ({ job_id, ...stateOf(job) }))

  const reply = (job: Job, replies: Readonly<Record<string, unknown>>) =>
    Effect.suspend(() => {
      for (const key of Object.keys(replies)) if (job.questions.delete(key)) job.replies[key] = replies[key]
      return job.questions.size === 0 ? Deferred.succeed(job.answered, undefined) : Effect.void
    })

  return [
    starting(
      "slow_compute",
      "Computes slowly.",
      Schema.Struct({
        seconds: Field.required(
          Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 600 })),
          "How long.",
        ),
        label: Field.optional(Schema.String, "What it is called."),
      }),
      ({ label = "job", seconds }) =>
        start(() => Effect.as(Effect.sleep(`${seconds} seconds`), `${label} took ${seconds} s`)),
    ),
    starting(
      "failing_job",
      "Fails after a moment.",
      none,
      () => start(() => Effect.andThen(moment, Effect.fail({ message: "The job failed." }))),
      { required: true },
    ),
    starting("protocol_error_job", "Breaks after a moment.", none, () =>
      start(() => Effect.andThen(moment, Effect.fail({ message: "The job broke.", class: "internal" }))),
    ),
    starting("test_tool_with_task", "Asks for a name, then greets it slowly.", none, (_, talk) =>
      Effect.flatMap(nameOf(talk), (name) => start(() => Effect.as(moment, `Hello, ${name}!`))),
    ),
    starting(
      "confirm_delete",
      "Asks before it is done.",
      Schema.Struct({ filename: Field.required(Schema.String, "What would be deleted.") }),
      ({ filename }) =>
        start((replies) => Effect.map(replies, (all) => `${filename}: ${JSON.stringify(all)}`), {
          confirm: form(`Delete ${filename}?`, { confirm: { type: "boolean" } }),
        }),
    ),
    starting("multi_input", "Asks two things at once.", none, () =>
      start((replies) => Effect.map(replies, (all) => JSON.stringify(all)), {
        first: form("The first name?", { name: { type: "string" } }),
        second: form("The second name?", { name: { type: "string" } }),
      }),
    ),
    Operation.make({
      name: long.check,
      summary: "Tells how a job stands.",
      input: Schema.Struct(JobId),
      output: Checked,
      readonly: true,
      run: ({ job_id }) => check(job_id),
    }),
    Operation.make({
      name: long.reply,
      summary: "Answers what a job asks.",
      input: Schema.Struct({
        ...JobId,
        replies: Field.required(
          Schema.Record(Schema.String, Schema.Unknown),
          "By the keys of the questions.",
        ),
      }),
      output: Checked,
      readonly: false,
      run: ({ job_id, replies }) =>
        Effect.flatMap(find(job_id), (job) => Effect.andThen(reply(job, replies), check(job_id))),
    }),
    Operation.make({
      name: long.cancel,
      summary: "Ends a job.",
      input: Schema.Struct(JobId),
      output: Checked,
      readonly: false,
      destructive: true,
      idempotent: true,
      run: ({ job_id }) =>
        Effect.flatMap(find(job_id), ({ fiber }) => Effect.andThen(Fiber.interrupt(fiber), check(job_id))),
    }),
    Operation.make({
      name: long.list,
      summary: "Lists the jobs.",
      input: none,
      output: Schema.Struct({ jobs: Schema.Array(Started) }),
      readonly: true,
      run: () =>
        Effect.succeed({
          jobs: [...jobs].map(([job_id, job]) => ({ job_id, state: stateOf(job).state })),
        }),
    }),
  ]
}

const moment = Effect.sleep("100 millis")

const stateOf = ({ fiber, questions }: Job) => {
  const exit = fiber.pollUnsafe()
  if (exit === undefined)
    return questions.size === 0
      ? { state: "running" }
      : { state: "waiting", questions: Object.fromEntries(questions) }
  if (Exit.isSuccess(exit)) return { state: "succeeded", answer: exit.value }
  if (Exit.hasInterrupts(exit)) return { state: "cancelled" }
  const failure = Exit.findErrorOption(exit)
  return {
    state: "failed",
    failure: failure._tag === "Some" ? failure.value : { message: String(exit.cause) },
  }
}

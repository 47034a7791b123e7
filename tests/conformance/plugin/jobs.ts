/** Operations that start something long, and those that look at it and end it. */
import { Effect, Exit, Fiber, Schema, type Scope } from "effect"
import { Field, Operation } from "hub/plugin"
import { nameOf } from "./asking.ts"

interface Job {
  readonly fiber: Fiber.Fiber<string, string>
  readonly label: string
}

const long = { id: "job_id", check: "test_check_job", cancel: "test_cancel_job", list: "test_list_jobs" }

const JobId = Schema.Struct({ job_id: Field.required(Schema.NonEmptyString, "The job.") })
const Started = Schema.Struct({ job_id: Schema.String, state: Schema.String })
const Checked = Schema.Struct({
  ...Started.fields,
  answer: Schema.optionalKey(Schema.String),
  failure: Schema.optionalKey(Schema.Struct({ message: Schema.String })),
})

export const jobsIn = (scope: Scope.Scope) => {
  const jobs = new Map<string, Job>()

  const start = Effect.fnUntraced(function* (label: string, work: Effect.Effect<string, string>) {
    const job_id = crypto.randomUUID()
    jobs.set(job_id, { label, fiber: yield* Effect.forkIn(work, scope) })
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

  const check = (job_id: string) =>
    Effect.map(find(job_id), ({ fiber }) => ({ job_id, ...stateOf(fiber.pollUnsafe()) }))

  return [
    Operation.make({
      name: "slow_compute",
      summary: "Computes slowly.",
      input: Schema.Struct({
        seconds: Field.required(
          Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 600 })),
          "How long.",
        ),
        label: Field.optional(Schema.String, "What it is called."),
      }),
      output: Started,
      readonly: false,
      long,
      run: ({ label = "job", seconds }) =>
        start(label, Effect.as(Effect.sleep(`${seconds} seconds`), `${label} took ${seconds} s`)),
    }),
    Operation.make({
      name: "failing_job",
      summary: "Fails after a moment.",
      input: Schema.Struct({}),
      output: Started,
      readonly: false,
      long,
      run: () => start("failing", Effect.andThen(Effect.sleep("100 millis"), Effect.fail("The job failed."))),
    }),
    Operation.make({
      name: "test_tool_with_task",
      summary: "Asks for a name, then greets it slowly.",
      input: Schema.Struct({}),
      output: Started,
      readonly: false,
      long,
      run: (_, __, talk) =>
        Effect.flatMap(nameOf(talk), (name) =>
          start("greeting", Effect.as(Effect.sleep("100 millis"), `Hello, ${name}!`)),
        ),
    }),
    Operation.make({
      name: long.check,
      summary: "Tells how a job stands.",
      input: JobId,
      output: Checked,
      readonly: true,
      run: ({ job_id }) => check(job_id),
    }),
    Operation.make({
      name: long.cancel,
      summary: "Ends a job.",
      input: JobId,
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
      input: Schema.Struct({}),
      output: Schema.Struct({ jobs: Schema.Array(Started) }),
      readonly: true,
      run: () =>
        Effect.succeed({
          jobs: [...jobs].map(([job_id, { fiber }]) => ({
            job_id,
            state: stateOf(fiber.pollUnsafe()).state,
          })),
        }),
    }),
  ]
}

const stateOf = (exit: Exit.Exit<string, string> | undefined) => {
  if (exit === undefined) return { state: "running" }
  if (Exit.isSuccess(exit)) return { state: "succeeded", answer: exit.value }
  if (Exit.hasInterrupts(exit)) return { state: "cancelled" }
  const failure = Exit.findErrorOption(exit)
  return {
    state: "failed",
    failure: { message: failure._tag === "Some" ? failure.value : String(exit.cause) },
  }
}

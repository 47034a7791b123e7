/** The operation that answers what a run asks. */
import { Effect, Schema } from "effect"
import * as Field from "../../plugin/Field.ts"
import * as Operation from "../../plugin/Operation.ts"
import { Dispatch } from "../Dispatch.ts"
import { said } from "../Refusal.ts"
import { RunReference } from "./runs.ts"

const Word = Schema.NonEmptyString.check(Schema.isMaxLength(200))
const Note = Schema.String.check(Schema.isMaxLength(1000))

/** Of a form, as clients that know tasks send it. Whoever closes a form without a choice allows nothing. */
const Reply = Schema.Struct({
  action: Schema.Literals(["accept", "decline", "cancel"]),
  content: Schema.optionalKey(Schema.Struct({ choice: Word, note: Schema.optionalKey(Note) })),
})

const Answered = Schema.Struct({ id: Schema.String, choice: Schema.String })

interface Wish {
  readonly id?: string | undefined
  readonly choice: string
  readonly note?: string | undefined
}

export const make = Effect.map(Dispatch, (dispatch) => [
  Operation.make({
    name: "answer",
    title: "Answer a run",
    summary:
      "Answers what a waiting run asks: may its agent do this? `check_dispatch` shows the command or the change. The agent goes on at once.",
    input: Schema.Struct({
      run_id: RunReference,
      choice: Field.optional(
        Word,
        "`allow`, `allow-always` (for the agent's session), `deny`, or the id of one of the question's choices.",
      ),
      id: Field.optional(Word, "Which question. May be left out while there is only one."),
      note: Field.optional(Note, "Why, for the record."),
      replies: Field.optional(
        Schema.Record(Schema.String, Reply),
        "Instead of `choice`: filled-in forms by the ids of the questions.",
      ),
    }),
    output: Schema.Struct({ run_id: Schema.String, answered: Schema.Array(Answered) }),
    readonly: false,
    cli: { path: ["answer"], positional: ["run_id", "choice", "id"] },
    print: ({ answered, run_id }) =>
      answered.map(({ choice, id }) => `${run_id}  ${id}: ${choice}`).join("\n"),
    run: ({ choice, id, note, replies, run_id }, caller) =>
      Effect.gen(function* () {
        // An agent must not decide on what itself, or one beside it, may do.
        if (caller.parent_run !== undefined) return yield* fromWithin(caller.parent_run)
        const wishes = choice === undefined ? formed(replies ?? {}) : [{ choice, id, note }]
        if (wishes.length === 0 || (choice !== undefined && replies !== undefined)) return yield* unclear
        const row = yield* said(dispatch.find(run_id))
        const answered = yield* Effect.forEach(wishes, (wish) =>
          said(dispatch.answer(row.run_id, { ...wish, by: caller.client })),
        )
        return { run_id: row.run_id, answered: answered.map(({ choice, id }) => ({ id, choice })) }
      }),
  }),
])

const formed = (replies: Readonly<Record<string, typeof Reply.Type>>): ReadonlyArray<Wish> =>
  Object.entries(replies).map(([id, { action, content }]) =>
    action === "accept" && content !== undefined ? { id, ...content } : { id, choice: "deny" },
  )

const unclear = new Operation.OperationFailed({
  code: "invalid",
  message: "Say allow, allow-always or deny, or give the id of a choice: `hub runs show RUN` lists them.",
})

const fromWithin = (run: string) =>
  new Operation.OperationFailed({
    code: "denied",
    message: `This call comes from within run ${run}. What a run asks is answered from outside: hub answer RUN allow|deny.`,
  })

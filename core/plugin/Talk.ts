/** What an operation, a prompt or a resource may say to whoever asked, and ask in return, while it runs. */
import { Effect, Schema } from "effect"
import { OperationFailed } from "./Operation.ts"

export interface Progress {
  /** Grows with each call. */
  readonly done: number
  /** Left out: nobody knows. */
  readonly total?: number | undefined
  /** One line. */
  readonly message?: string | undefined
}

export const LogLevel = Schema.Literals([
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
])
export type LogLevel = typeof LogLevel.Type

/** A question for the person, or the model, at the other end. */
export const Question = Schema.Union([
  /** A form. `schema` is a JSON Schema of an object of plain values. The reply: `{ action: "accept" | "decline" | "cancel", content? }`. */
  Schema.Struct({
    kind: Schema.Literal("form"),
    message: Schema.String,
    schema: Schema.Record(Schema.String, Schema.Unknown),
  }),
  /** A page to open. The reply: `{ action }`. */
  Schema.Struct({
    kind: Schema.Literal("url"),
    message: Schema.String,
    url: Schema.String,
    id: Schema.String,
  }),
  /** Words of the client's own model. The reply: `{ role, content, model, … }`. */
  Schema.Struct({
    kind: Schema.Literal("model"),
    prompt: Schema.String,
    max_tokens: Schema.Int,
    system: Schema.optionalKey(Schema.String),
  }),
  /** The folders that the client works in. The reply: `{ roots: [{ uri, name? }] }`. */
  Schema.Struct({ kind: Schema.Literal("roots") }),
])
export type Question = typeof Question.Type

export type Questions = Readonly<Record<string, Question>>

export interface Talk {
  /** Does nothing where nobody shows it. */
  readonly progress: (progress: Progress) => Effect.Effect<void>
  /** Does nothing where nobody reads it. */
  readonly log: (level: LogLevel, data: unknown) => Effect.Effect<void>
  /**
   * The replies to these questions, under the same keys. Not there yet: fails with code `input_required`, and the call is
   * begun anew once they are, so do nothing before it that may not be done twice. `unavailable` where nobody can be asked, or not
   * that: then something else may be asked instead.
   */
  readonly ask: <Q extends Questions>(
    questions: Q,
  ) => Effect.Effect<{ readonly [K in keyof Q]: unknown }, OperationFailed>
}

const nobody = new OperationFailed({
  code: "unavailable",
  message: "This asks something that only an MCP client can answer. Call it from one.",
})

/** For doors that only give answers. */
export const silent: Talk = {
  progress: () => Effect.void,
  log: () => Effect.void,
  ask: () => Effect.fail(nobody),
}

/** `ask` over the replies that came so far. What is missing is told in the failure's details: `{ questions }`. */
export const asking =
  (replies: Readonly<Record<string, unknown>>): Talk["ask"] =>
  (questions) =>
    Effect.suspend(() => {
      const missing = Object.entries(questions).filter(([key]) => !Object.hasOwn(replies, key))
      if (missing.length === 0)
        return Effect.succeed(
          Object.fromEntries(Object.keys(questions).map((key) => [key, replies[key]])) as never,
        )
      return Effect.fail(
        new OperationFailed({
          code: "input_required",
          message: "An answer is needed before this can go on.",
          details: { questions: Object.fromEntries(missing) },
        }),
      )
    })

/**
 * What an operation asks of the client while it runs.
 *
 * A call that lacks replies ends with the questions and is begun anew with the replies. What was replied in earlier rounds comes
 * back with the request, signed: the hub keeps nothing. The key is of this process, so a call whose rounds span a restart of
 * the hub is refused and begins from its first question.
 */
import {
  createRequestStateCodec,
  type InputRequest,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type ServerContext,
} from "@modelcontextprotocol/server"
import { Effect, Option, Schema } from "effect"
import { OperationFailed } from "../../plugin/Operation.ts"
import { asking, Question, type Questions, type Talk } from "../../plugin/Talk.ts"
import type { Capabilities } from "./Callers.ts"
import { invalid } from "./Settle.ts"
import type { Era } from "./Tools.ts"

type Replies = Readonly<Record<string, unknown>>

interface Earlier {
  /** Name or URI of what was called: replies are for nothing else. */
  readonly about: string
  readonly replies: Replies
}

/** People answer slowly. */
const ttlSeconds = 3_600

const earlier = createRequestStateCodec<Earlier>({
  key: crypto.getRandomValues(new Uint8Array(32)),
  ttlSeconds,
  bind: ({ http, mcpReq }) => `${mcpReq.method} ${http?.authInfo?.clientId ?? ""}`,
})

/** For `ServerOptions.requestState`. */
export const verifyEarlier = earlier.verify

export interface Round {
  /** Name or URI of what is called. */
  readonly about: string
  readonly declared: Capabilities
  readonly era: Era
}

/** Runs what may ask: gives its result, or the questions for the client. */
export const withReplies = Effect.fnUntraced(function* <A>(
  context: ServerContext,
  { about, declared, era }: Round,
  body: (ask: Talk["ask"]) => Effect.Effect<A, OperationFailed>,
) {
  const replies = yield* repliesOf(context, about)
  return yield* body(askingOf(replies, declared)).pipe(
    Effect.catchIf(
      // What this client cannot be asked goes to the SDK too: it says which capability the client would need.
      ({ code, details }) =>
        (code === "input_required" || code === "unavailable") && questionsOf(details) !== undefined,
      ({ details }) => required(context, { about, replies }, questionsOf(details) ?? {}, era),
    ),
  )
})

const repliesOf = (context: ServerContext, about: string) => {
  const { inputResponses = {}, requestState } = context.mcpReq
  const before = requestState<Earlier>()
  if (before === undefined) return Effect.succeed<Replies>(inputResponses)
  if (before.about !== about) return invalid(`The request state belongs to ${before.about}.`)
  return Effect.succeed<Replies>({ ...before.replies, ...inputResponses })
}

/** A reply of another kind than its question counts as none, so the question is asked again. */
const askingOf =
  (replies: Replies, declared: Capabilities): Talk["ask"] =>
  (questions) =>
    Effect.mapError(asking(fitting(replies, questions))(questions), (failure) =>
      isAskable(declared, questionsOf(failure.details) ?? {}) ? failure : unavailable(failure),
    )

const isAskable = (declared: Capabilities, questions: Questions): boolean =>
  Object.values(questions).every(({ kind }) => needs[kind] in declared)

const needs = { form: "elicitation", url: "elicitation", model: "sampling", roots: "roots" } as const

const unavailable = ({ details }: OperationFailed) =>
  new OperationFailed({ code: "unavailable", message: "This client cannot be asked that.", details })

const kinds = { form: "elicit", url: "elicit", model: "sampling", roots: "roots" } as const

/** Those of the replies that are of the kind of their question. */
export const fitting = (replies: Replies, questions: Questions): Replies =>
  Object.fromEntries(
    Object.entries(questions)
      .filter(([key, { kind }]) => inputResponse(replies, key).kind === kinds[kind])
      .map(([key]) => [key, replies[key]]),
  )

const decodeQuestions = Schema.decodeUnknownOption(
  Schema.Struct({ questions: Schema.Record(Schema.String, Question) }),
)

/** The questions in the details of a failure, or in an output. */
export const questionsOf = (from: unknown): Questions | undefined =>
  Option.getOrUndefined(decodeQuestions(from))?.questions

const required = Effect.fnUntraced(function* (
  context: ServerContext,
  state: Earlier,
  questions: Questions,
  era: Era,
): Effect.fn.Return<InputRequiredResult> {
  const requestState = yield* Effect.promise(() => earlier.mint(state, context))
  return inputRequired({ inputRequests: requestsOf(questions, era), requestState })
})

/** As the protocol has them. */
export const requestsOf = (questions: Questions, era: Era): Record<string, InputRequest> =>
  Object.fromEntries(Object.entries(questions).map(([key, one]) => [key, requestOf(one, era)]))

const requestOf = (question: Question, era: Era): InputRequest => {
  switch (question.kind) {
    case "form":
      return inputRequired.elicit({
        mode: "form",
        message: question.message,
        requestedSchema: question.schema as never,
      })
    case "url": {
      const { id, message, url } = question
      return inputRequired.elicitUrl({
        message,
        url,
        ...(era === "legacy" ? { elicitationId: id } : {}),
      } as never)
    }
    case "model":
      return inputRequired.createMessage({
        messages: [{ role: "user", content: { type: "text", text: question.prompt } }],
        maxTokens: question.max_tokens,
        ...(question.system === undefined ? {} : { systemPrompt: question.system }),
      })
    case "roots":
      return inputRequired.listRoots()
  }
}

/** Tools that ask the person, or the model, at the other end. */
import { Effect, Schema } from "effect"
import { Field, type Operation, type Talk } from "hub/plugin"
import { say, tool, toolOf } from "./tool.ts"

const text = { type: "string" }

export const form = (
  message: string,
  properties: Readonly<Record<string, unknown>>,
  required: ReadonlyArray<string> = Object.keys(properties),
) => ({ kind: "form" as const, message, schema: { type: "object", properties, required } })

const model = (prompt: string, max_tokens = 100) => ({ kind: "model" as const, prompt, max_tokens })

/** The fields of a form that was filled in; none when it was not. */
const Filled = Schema.Struct({
  action: Schema.String,
  content: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
})
const isFilled = Schema.is(Filled)
const isNamed = Schema.is(Schema.Struct({ content: Schema.Struct({ name: Schema.String }) }))

const told = (reply: unknown) => JSON.stringify(reply)

const completed = (reply: unknown) =>
  isFilled(reply)
    ? say(`Elicitation completed: action=${reply.action}, content=${told(reply.content ?? {})}`)
    : say(told(reply))

export const userName = form("What is your name?", { name: text })

/** The name in the reply to `userName`; asks again while there is none in it. */
export const nameOf = (talk: Talk.Talk): Effect.Effect<string, Operation.OperationFailed> =>
  Effect.flatMap(talk.ask({ user_name: userName }), ({ user_name }) =>
    isNamed(user_name)
      ? Effect.succeed(user_name.content.name)
      : Effect.map(talk.ask({ user_name_again: userName }), ({ user_name_again }) => told(user_name_again)),
  )

const titled = (values: ReadonlyArray<readonly [string, string]>) =>
  values.map(([value, title]) => ({ const: value, title }))

const confirm = form("Please confirm", { ok: { type: "boolean" } })

export const asking = [
  toolOf(
    "test_sampling",
    "Asks the client's model.",
    Schema.Struct({ prompt: Field.required(Schema.String, "What to ask it.") }),
    ({ prompt }, talk) =>
      Effect.map(talk.ask({ reply: model(prompt) }), ({ reply }) => say(`LLM response: ${told(reply)}`)),
  ),
  toolOf(
    "test_elicitation",
    "Asks the person.",
    Schema.Struct({ message: Field.required(Schema.String, "What to ask.") }),
    ({ message }, talk) =>
      Effect.map(
        talk.ask({
          reply: form(message, {
            username: { ...text, description: "User's response" },
            email: { ...text, description: "User's email address" },
          }),
        }),
        ({ reply }) => say(`User response: ${told(reply)}`),
      ),
  ),
  tool("test_elicitation_sep1034_defaults", "Asks with a default in each field.", (talk) =>
    Effect.map(
      talk.ask({
        reply: form(
          "Please review and update the form fields with defaults",
          {
            name: { ...text, description: "User name", default: "John Doe" },
            age: { type: "integer", description: "User age", default: 30 },
            score: { type: "number", description: "User score", default: 95.5 },
            status: { ...text, enum: ["active", "inactive", "pending"], default: "active" },
            verified: { type: "boolean", description: "Verification status", default: true },
          },
          [],
        ),
      }),
      ({ reply }) => completed(reply),
    ),
  ),
  tool("test_elicitation_sep1330_enums", "Asks for one or several of some.", (talk) =>
    Effect.map(
      talk.ask({
        reply: form(
          "Please select options from the enum fields",
          {
            untitledSingle: { ...text, enum: ["option1", "option2", "option3"] },
            titledSingle: {
              ...text,
              oneOf: titled([
                ["value1", "First Option"],
                ["value2", "Second Option"],
              ]),
            },
            legacyEnum: {
              ...text,
              enum: ["opt1", "opt2", "opt3"],
              enumNames: ["Option One", "Option Two", "Option Three"],
            },
            untitledMulti: {
              type: "array",
              items: { ...text, enum: ["option1", "option2", "option3"] },
            },
            titledMulti: {
              type: "array",
              items: {
                anyOf: titled([
                  ["value1", "First Choice"],
                  ["value2", "Second Choice"],
                ]),
              },
            },
          },
          [],
        ),
      }),
      ({ reply }) => completed(reply),
    ),
  ),
  tool("test_missing_capability", "Needs the client's model.", (talk) =>
    Effect.map(talk.ask({ reply: model("Anything", 10) }), ({ reply }) => say(told(reply))),
  ),
  tool("test_streaming_elicitation", "Logs, then asks.", (talk) =>
    Effect.gen(function* () {
      yield* talk.log("info", "about to ask")
      return completed((yield* talk.ask({ reply: confirm })).reply)
    }),
  ),
  tool("test_input_required_result_elicitation", "Asks for a name.", (talk) =>
    Effect.map(nameOf(talk), (name) => say(`Hello, ${name}!`)),
  ),
  tool("test_input_required_result_sampling", "Asks the client's model.", (talk) =>
    Effect.map(
      talk.ask({ capital_question: model("What is the capital of France?") }),
      ({ capital_question }) => say(told(capital_question)),
    ),
  ),
  tool("test_input_required_result_list_roots", "Asks where the client works.", (talk) =>
    Effect.map(talk.ask({ client_roots: { kind: "roots" } }), ({ client_roots }) => say(told(client_roots))),
  ),
  tool("test_input_required_result_request_state", "Asks, and knows the reply again.", (talk) =>
    Effect.map(talk.ask({ confirm }), ({ confirm }) => say(`state-ok ${told(confirm)}`)),
  ),
  tool("test_input_required_result_tampered_state", "Asks, and refuses a reply to something else.", (talk) =>
    Effect.map(talk.ask({ confirm }), ({ confirm }) => say(told(confirm))),
  ),
  tool("test_input_required_result_multiple_inputs", "Asks three things at once.", (talk) =>
    Effect.map(
      talk.ask({
        user_name: userName,
        greeting: model("Generate a greeting", 50),
        client_roots: { kind: "roots" },
      }),
      (replies) => say(told(replies)),
    ),
  ),
  tool("test_input_required_result_multi_round", "Asks one thing after the other.", (talk) =>
    Effect.gen(function* () {
      const { step1 } = yield* talk.ask({ step1: form("Step 1: What is your name?", { name: text }) })
      const { step2 } = yield* talk.ask({
        step2: form("Step 2: What is your favorite color?", { color: text }),
      })
      return say(`${told(step1)} ${told(step2)}`)
    }),
  ),
  tool("test_input_required_result_capabilities", "Asks whoever can be asked.", (talk) =>
    talk.ask({ user_name: userName }).pipe(
      Effect.catchIf(
        ({ code }) => code === "unavailable",
        () => talk.ask({ greeting: model("Generate a greeting", 50) }),
      ),
      Effect.map((replies) => say(told(replies))),
    ),
  ),
]

/** Keeps notes by topic: asks where they belong, tells of its changes, completes topics, answers over HTTP. */
import { Effect, Option, PubSub, Schema, Stream } from "effect"
import { Field, Operation, Plugin, Prompt, Resource, Route, Storage, type Talk } from "hub/plugin"

const Notes = Schema.Array(Schema.String)

const unavailable = ({ message }: { readonly message: string }) =>
  new Operation.OperationFailed({ code: "unavailable", message: `no notes: ${message}` })

const read = Effect.fn("tool-notes.read")(function* (topic: string) {
  const storage = yield* Storage
  return Option.getOrElse(yield* storage.get(topic, Notes), (): ReadonlyArray<string> => [])
}, Effect.mapError(unavailable))

const topics = Effect.fn("tool-notes.topics")(
  function* (typed: string) {
    const storage = yield* Storage
    return yield* storage.keys(typed)
  },
  Effect.orElseSucceed((): ReadonlyArray<string> => []),
)

const form = {
  kind: "form",
  message: "Which topic do these notes belong to?",
  schema: { type: "object", properties: { topic: { type: "string" } }, required: ["topic"] },
} as const

const Reply = Schema.Struct({
  action: Schema.Literal("accept"),
  content: Schema.Struct({ topic: Schema.NonEmptyString }),
})
const decodeReply = Schema.decodeUnknownEffect(Reply)

const ask = Effect.fn("tool-notes.ask")(function* (talk: Talk.Talk) {
  const { where } = yield* talk.ask({ where: form })
  const { content } = yield* Effect.mapError(
    decodeReply(where),
    () => new Operation.OperationFailed({ code: "invalid", message: "No topic was told: nothing is kept." }),
  )
  return content.topic
})

const add = (changed: PubSub.PubSub<string>) =>
  Operation.make({
    name: "note_add",
    summary: "Keeps notes under a topic.",
    input: Schema.Struct({
      notes: Field.required(Schema.Array(Schema.NonEmptyString), "The notes."),
      topic: Field.optional(Schema.NonEmptyString, "Where they belong. Asked for when left out."),
    }),
    output: Schema.Struct({ topic: Schema.String, count: Schema.Int }),
    readonly: false,
    scope: "dispatch",
    doors: ["cli", "mcp"],
    print: ({ count, topic }) => `${topic} has ${count} notes now`,
    run: Effect.fn("tool-notes.add")(function* ({ notes, topic }, _caller, talk) {
      // First of all: once the reply is there, the call begins anew.
      const where = topic ?? (yield* ask(talk))
      const storage = yield* Storage
      const before = yield* read(where)
      for (let done = 1; done <= notes.length; done++) {
        const kept = [...before, ...notes.slice(0, done)]
        yield* Effect.mapError(storage.set(where, Notes, kept), unavailable)
        yield* talk.progress({ done, total: notes.length })
      }
      yield* PubSub.publish(changed, where)
      return { topic: where, count: before.length + notes.length }
    }),
  })

const notes = (changed: PubSub.PubSub<string>) =>
  Resource.make({
    uri: "notes://{topic}",
    name: "notes",
    title: "Notes",
    summary: "The notes of a topic, one a line.",
    mime: "text/plain",
    read: ({ topic = "" }) => Effect.map(read(topic), (lines) => lines.join("\n")),
    changes: ({ topic }) => Stream.filter(Stream.fromPubSub(changed), (one) => one === topic),
    complete: (_variable, typed) => topics(typed),
  })

const recall = Prompt.make({
  name: "recall",
  title: "Recall",
  summary: "Goes on from the notes of a topic.",
  arguments: Schema.Struct({ topic: Field.required(Schema.NonEmptyString, "The topic.") }),
  render: ({ topic }) =>
    Effect.map(read(topic), (lines): ReadonlyArray<Prompt.Message> => [
      { role: "user", content: { kind: "text", text: `Go on from these notes on ${topic}.` } },
      {
        role: "user",
        content: {
          kind: "resource",
          resource: { uri: `notes://${topic}`, mime: "text/plain", text: lines.join("\n") },
        },
      },
    ]),
  complete: (_argument, typed) => topics(typed),
})

const show = Route.make({
  method: "GET",
  path: "/topics/:topic",
  summary: "The notes of a topic as JSON.",
  handle: (_request, _caller, { topic = "" }) =>
    read(topic).pipe(
      Effect.map((lines) => Response.json({ topic, lines })),
      Effect.catch(({ message }) => Effect.succeed(Response.json({ message }, { status: 503 }))),
    ),
})

export default Plugin.define({
  id: "tool-notes",
  summary: "Keeps notes by topic.",
  config: Schema.Struct({}),
  setup: Effect.fn("tool-notes.setup")(function* () {
    const changed = yield* PubSub.sliding<string>(100)
    return {
      operations: [add(changed)],
      resources: [notes(changed)],
      prompts: [recall],
      routes: [show],
    }
  }),
})

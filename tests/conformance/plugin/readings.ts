/** Resources, one of which changes, and prompts with every kind of message. */
import { Effect, Schema, Stream, SubscriptionRef } from "effect"
import { Content, Field, Operation, Prompt, Resource } from "hub/plugin"
import { form } from "./asking.ts"
import { image, png } from "./contents.ts"

export const resourcesOf = (watched: SubscriptionRef.SubscriptionRef<number>) => [
  Resource.make({
    uri: "test://static-text",
    name: "Static Text Resource",
    summary: "A static text resource for testing",
    mime: "text/plain",
    read: () => Effect.succeed("This is the content of the static text resource."),
  }),
  Resource.make({
    uri: "test://static-binary",
    name: "Static Binary Resource",
    summary: "A static binary resource (image) for testing",
    mime: "image/png",
    read: () => Effect.succeed({ blob: png }),
  }),
  Resource.make({
    uri: "test://template/{id}/data",
    name: "Resource Template",
    summary: "A resource template with parameter substitution",
    mime: "application/json",
    read: ({ id }) => Effect.succeed(JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` })),
    complete: (_, typed) => Effect.succeed(["123", "456"].filter((id) => id.startsWith(typed))),
  }),
  Resource.make({
    uri: "test://watched-resource",
    name: "Watched Resource",
    summary: "A resource that changes",
    mime: "text/plain",
    read: () => Effect.map(SubscriptionRef.get(watched), (count) => `Watched resource content ${count}`),
    changes: () => Stream.drop(SubscriptionRef.changes(watched), 1),
  }),
]

/** Changes what the watched resource reads as. */
export const touching = (watched: SubscriptionRef.SubscriptionRef<number>) =>
  Operation.make({
    name: "test_trigger_resource_change",
    summary: "Changes the watched resource.",
    input: Schema.Struct({}),
    output: Schema.Struct({ count: Schema.Int }),
    readonly: false,
    run: () =>
      Effect.map(
        SubscriptionRef.updateAndGet(watched, (count) => count + 1),
        (count) => ({ count }),
      ),
  })

const user = (content: Content.Content): Prompt.Message => ({ role: "user", content })

const cities = ["paris", "park", "party", "test"]

const none = Schema.Struct({})

export const prompts = [
  Prompt.make({
    name: "test_simple_prompt",
    summary: "A simple prompt without arguments",
    arguments: none,
    render: () => Effect.succeed("This is a simple prompt for testing."),
  }),
  Prompt.make({
    name: "test_prompt_with_arguments",
    summary: "A prompt with required arguments",
    arguments: Schema.Struct({
      arg1: Field.required(Schema.String, "First test argument"),
      arg2: Field.required(Schema.String, "Second test argument"),
    }),
    render: ({ arg1, arg2 }) => Effect.succeed(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`),
    complete: (_, typed) => Effect.succeed(cities.filter((city) => city.startsWith(typed))),
  }),
  Prompt.make({
    name: "test_prompt_with_embedded_resource",
    summary: "A prompt that includes an embedded resource",
    arguments: Schema.Struct({
      resourceUri: Field.required(Schema.String, "URI of the resource to embed"),
    }),
    render: ({ resourceUri: uri }) =>
      Effect.succeed([
        user({
          kind: "resource",
          resource: { uri, mime: "text/plain", text: "Embedded resource content for testing." },
        }),
        user(Content.text("Please process the embedded resource above.")),
      ]),
  }),
  Prompt.make({
    name: "test_prompt_with_image",
    summary: "A prompt that includes image content",
    arguments: none,
    render: () => Effect.succeed([user(image), user(Content.text("Please analyze the image above."))]),
  }),
  Prompt.make({
    name: "test_input_required_result_prompt",
    summary: "A prompt that asks first",
    arguments: none,
    render: (_, talk) =>
      Effect.map(
        talk.ask({
          user_context: form("What context should the prompt use?", { context: { type: "string" } }),
        }),
        ({ user_context }) => `Context: ${JSON.stringify(user_context)}`,
      ),
  }),
]

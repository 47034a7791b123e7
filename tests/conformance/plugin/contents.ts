/** Tools that answer with every kind of content, report progress, log, fail, and have an unusual schema. */
import { Effect, Schema } from "effect"
import { Content, Field, Operation } from "hub/plugin"
import { say, tool, toolOf } from "./tool.ts"

/** One red pixel. */
export const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
/** Silence of no length. */
const wav = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA="

export const image: Content.Content = { kind: "image", data: png, mime: "image/png" }

const embedded = (uri: string, mime: string, text: string): Content.Content => ({
  kind: "resource",
  resource: { uri, mime, text },
})

const pause = Effect.sleep("50 millis")

const name = Field.required(Schema.String, "Whom to greet.")

const schema2020 = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
}

const Contact = Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  address: Schema.optionalKey(
    Schema.Struct({ street: Schema.optionalKey(Schema.String), city: Schema.optionalKey(Schema.String) }),
  ),
  contactMethod: Schema.optionalKey(Schema.Literals(["phone", "email"])),
  phone: Schema.optionalKey(Schema.String),
  email: Schema.optionalKey(Schema.String),
})

export const contents = [
  tool("test_simple_text", "Answers with text.", () =>
    Effect.succeed(say("This is a simple text response for testing.")),
  ),
  tool("test_image_content", "Answers with a picture.", () => Effect.succeed([image])),
  tool("test_audio_content", "Answers with sound.", () =>
    Effect.succeed([{ kind: "audio", data: wav, mime: "audio/wav" }]),
  ),
  tool("test_embedded_resource", "Answers with a resource.", () =>
    Effect.succeed([
      embedded("test://embedded-resource", "text/plain", "This is an embedded resource content."),
    ]),
  ),
  tool("test_multiple_content_types", "Answers with text, a picture and a resource.", () =>
    Effect.succeed([
      Content.text("Multiple content types test:"),
      image,
      embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
    ]),
  ),
  tool("test_tool_with_logging", "Logs three times.", (talk) =>
    Effect.gen(function* () {
      yield* talk.log("info", "Tool execution started")
      yield* pause
      yield* talk.log("info", "Tool processing data")
      yield* pause
      yield* talk.log("info", "Tool execution completed")
      return say("Tool with logging executed successfully")
    }),
  ),
  tool("test_logging_tool", "Logs once.", (talk) =>
    Effect.as(talk.log("info", "A line nobody asked for"), say("Logged")),
  ),
  tool("test_tool_with_progress", "Reports progress three times.", (talk) =>
    Effect.gen(function* () {
      yield* talk.progress({ done: 0, total: 100, message: "started" })
      yield* pause
      yield* talk.progress({ done: 50, total: 100, message: "half of it" })
      yield* pause
      yield* talk.progress({ done: 100, total: 100, message: "done" })
      return say("Tool with progress executed successfully")
    }),
  ),
  tool("test_error_handling", "Fails.", () =>
    Effect.fail(
      new Operation.OperationFailed({
        code: "conflict",
        message: "This tool intentionally returns an error for testing",
      }),
    ),
  ),
  tool("test_reconnection", "Takes a moment.", () =>
    Effect.as(pause, say("Reconnection test completed successfully")),
  ),
  toolOf("greet", "Greets.", Schema.Struct({ name }), ({ name }) => Effect.succeed(say(`Hello, ${name}!`))),
  toolOf(
    "test_header_parameter",
    "Has an argument that is repeated in a header.",
    Schema.Struct({ region: Schema.String }),
    ({ region }) => Effect.succeed(say(`Region: ${region}`)),
    {
      type: "object",
      properties: { region: { type: "string", description: "Where.", "x-mcp-header": "Region" } },
      required: ["region"],
      additionalProperties: false,
    },
  ),
  toolOf(
    "json_schema_2020_12_tool",
    "Tool with JSON Schema 2020-12 features",
    Contact,
    (contact) => Effect.succeed(say(JSON.stringify(contact))),
    schema2020,
  ),
]

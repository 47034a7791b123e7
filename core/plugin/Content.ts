/** What a client is shown: text, pictures, sound, and things to read by URI. As MCP has it. */
import { Schema } from "effect"

const Resource = Schema.Union([
  Schema.Struct({ uri: Schema.String, mime: Schema.String, text: Schema.String }),
  /** `blob`: base64. */
  Schema.Struct({ uri: Schema.String, mime: Schema.String, blob: Schema.String }),
])

export const Content = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("text"), text: Schema.String }),
  /** `data`: base64. */
  Schema.Struct({ kind: Schema.Literal("image"), data: Schema.String, mime: Schema.String }),
  Schema.Struct({ kind: Schema.Literal("audio"), data: Schema.String, mime: Schema.String }),
  /** The thing itself. */
  Schema.Struct({ kind: Schema.Literal("resource"), resource: Resource }),
  /** Where it can be read. */
  Schema.Struct({
    kind: Schema.Literal("link"),
    uri: Schema.String,
    name: Schema.String,
    mime: Schema.optionalKey(Schema.String),
  }),
])
export type Content = typeof Content.Type

export const text = (value: string): Content => ({ kind: "text", text: value })

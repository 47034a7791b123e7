/** A prompt that clients may offer to their user. */
import type { Effect, Schema } from "effect"
import type { Content } from "./Content.ts"
import type { OperationFailed } from "./Operation.ts"
import type { PluginServices } from "./Plugin.ts"
import type { Talk } from "./Talk.ts"

export interface Message {
  readonly role: "user" | "assistant"
  readonly content: Content
}

export interface Prompt<A extends Schema.Top = Schema.Top> {
  readonly name: string
  readonly title?: string | undefined
  readonly summary: string
  /** A struct of strings. */
  readonly arguments: A
  /** A text is one message of the user. */
  readonly render: (
    args: A["Type"],
    talk: Talk,
  ) => Effect.Effect<string | ReadonlyArray<Message>, OperationFailed, PluginServices>
  /** What an argument may be, best first, at most 100, for what was typed so far. */
  readonly complete?:
    | ((
        argument: string,
        typed: string,
        others: Readonly<Record<string, string>>,
      ) => Effect.Effect<ReadonlyArray<string>, never, PluginServices>)
    | undefined
}

export const make = <A extends Schema.Top>(prompt: Prompt<A>): Prompt => prompt as never

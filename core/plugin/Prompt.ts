/** A prompt that clients may offer to their user. */
import type { Effect, Schema } from "effect"
import type { OperationFailed } from "./Operation.ts"
import type { PluginServices } from "./Plugin.ts"

export interface Prompt<A extends Schema.Top = Schema.Top> {
  readonly name: string
  readonly summary: string
  /** A struct of strings. */
  readonly arguments: A
  readonly render: (args: A["Type"]) => Effect.Effect<string, OperationFailed, PluginServices>
}

export const make = <A extends Schema.Top>(prompt: Prompt<A>): Prompt => prompt as never

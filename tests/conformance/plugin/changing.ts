/** Tools whose call makes the lists of the plugin others than they were. */
import { Effect, Schema, Stream, SubscriptionRef } from "effect"
import { Operation, type Plugin, Prompt } from "hub/plugin"
import { say, tool } from "./tool.ts"

interface Extras {
  readonly tool: boolean
  readonly prompt: boolean
}

const extraTool = tool("test_extra_tool", "Comes and goes.", () => Effect.succeed(say("extra")))

const extraPrompt = Prompt.make({
  name: "test_extra_prompt",
  summary: "Comes and goes.",
  arguments: Schema.Struct({}),
  render: () => Effect.succeed("extra"),
})

/** The same contributions, and with each call of a trigger one more, or one less. */
export const changing = Effect.fnUntraced(function* (constant: Plugin.Contributions) {
  const extras = yield* SubscriptionRef.make<Extras>({ tool: false, prompt: false })
  const trigger = (what: keyof Extras) =>
    Operation.make({
      name: `test_trigger_${what}_change`,
      summary: `Changes the list of ${what}s.`,
      input: Schema.Struct({}),
      output: Schema.Struct({}),
      readonly: false,
      run: () =>
        Effect.as(
          SubscriptionRef.update(extras, (now) => ({ ...now, [what]: !now[what] })),
          {},
        ),
    })
  const operations = [...(constant.operations ?? []), trigger("tool"), trigger("prompt")]
  const now = (has: Extras) => ({
    ...constant,
    operations: has.tool ? [...operations, extraTool] : operations,
    prompts: [...(constant.prompts ?? []), ...(has.prompt ? [extraPrompt] : [])],
  })
  return {
    ...now({ tool: false, prompt: false }),
    changes: Stream.map(Stream.drop(SubscriptionRef.changes(extras), 1), now),
  }
})

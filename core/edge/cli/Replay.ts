/** `hub pipeline replay RUN`: the exit code says whether today's pipeline decides the same. */
import { Effect, Schema } from "effect"
import type { Command } from "./Command.ts"
import { decodeWith } from "./Follow.ts"
import { ofFile } from "./OfFile.ts"

const Same = Schema.Struct({ same: Schema.Boolean })

export const replayCommand = (command: Command): Command => {
  const replay = ofFile(command)
  return {
    ...replay,
    examples: ["hub pipeline replay last", "hub pipeline replay last --pipeline ./pipelines/implement.toml"],
    run: (raw, context, marked) =>
      Effect.gen(function* () {
        const done = yield* replay.run(raw, context, marked)
        const { same } = yield* decodeWith(Same, done.output)
        return { ...done, code: same ? 0 : 1 }
      }),
  }
}

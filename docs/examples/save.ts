import { Effect, Schema } from "effect"
import { Failure, Field, Plugin, Step, Workspace } from "hub/plugin"

const Config = Schema.Struct({
  file: Field.required(Schema.NonEmptyString, "Where to, below the working folder."),
  text: Field.required(Schema.String, "What stands in it: a template."),
})

const save = Step.kind({
  type: "save",
  summary: "Writes a text to a file; its answer is the path.",
  config: Config,
  templates: ({ text }) => [{ at: ["text"], text }],
  run: Effect.fn("step-save.run")(function* ({ file, text }, context) {
    if (file.startsWith("/") || file.split("/").includes(".."))
      return yield* Failure.of("denied", `${file} is not below the working folder.`)
    const workspace = yield* Workspace
    const path = `${context.cwd}/${file}`
    yield* workspace
      .write(path, yield* context.render(text))
      .pipe(Effect.mapError(({ message }) => Failure.of("crashed", message)))
    yield* context.say("file_changed", { changes: [{ path, kind: "update" }] })
    return { text: path }
  }),
})

export default Plugin.define({
  id: "step-save",
  summary: "A step that writes a file.",
  config: Schema.Struct({}),
  setup: () => Effect.succeed({ steps: [save] }),
})

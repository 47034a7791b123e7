import { Effect, Schema } from "effect"
import { Condition, Failure, Field, Plugin, Processes } from "hub/plugin"

const onBranch = Condition.make({
  id: "on_branch",
  summary: "Holds when the working folder is on one of these git branches.",
  config: Schema.NonEmptyArray(Field.required(Schema.NonEmptyString, "Name of a branch.")),
  holds: Effect.fn("condition-branch.holds")(function* (branches, { cwd }) {
    const processes = yield* Processes
    const git = yield* processes
      .run({ program: "git", args: ["symbolic-ref", "--short", "HEAD"], cwd }, { timeout: "5 seconds" })
      .pipe(Effect.mapError(({ message }) => Failure.of("missing_program", message)))
    if (git.code !== 0) return { holds: false, because: "the folder is on no branch" }
    const branch = git.stdout.trim()
    return { holds: branches.includes(branch), because: `the folder is on ${branch}` }
  }),
})

export default Plugin.define({
  id: "condition-branch",
  summary: "A condition on the git branch.",
  config: Schema.Struct({}),
  setup: () => Effect.succeed({ conditions: [onBranch] }),
})

/** Looks at what has changed in the working folder since its last commit, new files included. */
import { Effect, Glob, Schema } from "effect"
import type { Finished, ProcessError, Processes } from "../../services/Processes.ts"
import { handle, some } from "./handle.ts"

export const changed = (processes: Processes["Service"]) =>
  handle({
    id: "changed",
    summary:
      'A file that fits one of these patterns differs from the last commit, or is new: `changed = ["src/**"]`.',
    config: Schema.Array(Schema.NonEmptyString.check(Schema.isMaxLength(1_000))).check(
      Schema.isMinLength(1),
      Schema.isMaxLength(100),
    ),
    holds: Effect.fnUntraced(function* (patterns, { cwd }) {
      const globs = patterns.map((pattern) => Glob.make(pattern, { dot: true }))
      return yield* changedFiles(processes, cwd).pipe(
        Effect.map((files) =>
          verdict(
            files.filter((file) => globs.some((glob) => Glob.match(glob, file))),
            patterns,
          ),
        ),
        Effect.catch((because) => Effect.succeed({ holds: false, because })),
      )
    }),
  })

const verdict = (files: ReadonlyArray<string>, patterns: ReadonlyArray<string>) =>
  files.length > 0
    ? { holds: true, because: `changed: ${some(files)}` }
    : { holds: false, because: `nothing has changed in ${some(patterns)}` }

/** Paths relative to `cwd`. Fails with a sentence. */
const changedFiles = Effect.fnUntraced(function* (processes: Processes["Service"], cwd: string) {
  const git = (...args: ReadonlyArray<string>) =>
    processes
      .run({ program: "git", args: [...QUIET, ...args], cwd, env: ENVIRONMENT }, { max_bytes: MAX_BYTES })
      .pipe(Effect.mapError((error: ProcessError) => error.message))
  const inside = yield* git("rev-parse", "--is-inside-work-tree")
  if (inside.stdout.trim() !== "true") return yield* Effect.fail(`${cwd} is in no git work tree`)
  const head = yield* git("rev-parse", "--verify", "--quiet", "HEAD")
  // Before the first commit every file that git knows is new.
  const tracked =
    head.code === 0
      ? git(
          "diff",
          "--name-only",
          "--relative",
          "--no-ext-diff",
          "--no-textconv",
          "--no-renames",
          "-z",
          "HEAD",
          "--",
        )
      : git("ls-files", "-z")
  const both = [yield* tracked, yield* git("ls-files", "--others", "--exclude-standard", "-z")]
  return (yield* Effect.forEach(both, paths)).flat()
})

// Without these, git starts programs that the repository's own configuration names.
const QUIET = ["--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]

const ENVIRONMENT = { GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined, LC_ALL: "C" }

const MAX_BYTES = 8 * 1024 * 1024

const paths = ({ code, stdout, stderr, truncated }: Finished) => {
  if (code !== 0) return Effect.fail(`git failed: ${stderr.trim().slice(0, 200)}`)
  // The newest part is kept, so the first path may be cut.
  const all = stdout.split("\0").filter((path) => path !== "")
  return Effect.succeed(truncated ? all.slice(1) : all)
}

/** `hub init`: a home with commented files to start from. What is there stays as it is. */
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { OperationFailed } from "../../plugin/Operation.ts"
import { type Command, extra } from "../cli/Command.ts"

export interface InitOptions {
  /** The plugins a fresh hub runs: the text of plugins.toml, with its comments. */
  readonly plugins: string
}

const projects = `# Folders that work is dispatched to, by name: hub dispatch --project app "fix the failing test"
#
# [project.app]
# path = "~/src/app"            # absolute, or from your home folder
# agent = "claude"              # asked when a dispatch names neither pipeline nor agent
# fallback = ["codex"]          # tried after it, in order, when it fails
# pipeline = "implement"        # or: the pipeline to run; wins over agent
# tags = ["web"]                # words that conditions in pipelines may ask for
`

export const initCommand = ({ plugins }: InitOptions): Command =>
  extra({
    path: ["init"],
    summary: "Makes HUB_HOME with commented plugins.toml and projects.toml. Overwrites nothing.",
    input: Schema.Struct({}),
    examples: ["hub init", "HUB_HOME=/srv/hub hub init"],
    run: (_, { home }) =>
      Effect.map(
        Effect.try({
          try: () => make(home, { "plugins.toml": plugins, "projects.toml": projects }),
          catch: (cause) => unusable(home, cause),
        }),
        (made) => ({ output: { home, ...made }, text: story(home, made) }),
      ),
  })

interface Made {
  readonly created: ReadonlyArray<string>
  readonly kept: ReadonlyArray<string>
}

const make = (home: string, files: Readonly<Record<string, string>>): Made => {
  // The folder above is never made: it may be the place of a disk that is not there now.
  makeFolder(home)
  for (const folder of ["pipelines", "plugins"]) makeFolder(join(home, folder))
  const written = Object.entries(files).map(([name, text]) => ({
    name,
    isNew: write(join(home, name), text),
  }))
  return {
    created: written.filter(({ isNew }) => isNew).map(({ name }) => name),
    kept: written.filter(({ isNew }) => !isNew).map(({ name }) => name),
  }
}

const makeFolder = (path: string): void => {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
  mkdirSync(path, { mode: 0o700 })
  chmodSync(path, 0o700)
}

/** `false` when there is one already. */
const write = (path: string, text: string): boolean => {
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o600 })
    return true
  } catch (cause) {
    if (Reflect.get(cause as object, "code") === "EEXIST") return false
    throw cause
  }
}

const story = (home: string, { created, kept }: Made): string =>
  [
    ...created.map((name) => `made  ${join(home, name)}`),
    ...kept.map((name) => `kept  ${join(home, name)} (it was there)`),
    "",
    "Next",
    "  hub doctor                                       what is missing on this machine",
    "  hub agents                                       who can work",
    '  hub dispatch --agent claude --wait "say hello"   the first piece of work',
  ].join("\n")

const unusable = (home: string, cause: unknown): OperationFailed => {
  const code = Reflect.get(cause as object, "code")
  const why = WHY[String(code)] ?? (cause instanceof Error ? cause.message : String(cause))
  return new OperationFailed({
    code: "invalid",
    message: `${JSON.stringify(home)} cannot be the hub's home: ${why}. Give it another one in HUB_HOME.`,
  })
}

const WHY: Readonly<Record<string, string>> = {
  EACCES: "you may not write there",
  EPERM: "you may not write there",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "your quota on that disk is used up",
  ENOTDIR: "something that is no folder stands there",
  EEXIST: "something that is no folder stands there",
  ENOENT: "the folder above it is not there",
}

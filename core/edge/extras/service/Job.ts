/** What is to be done for a service, told or done: one list for both, so that they are the same. */
import { Effect } from "effect"
import { OperationFailed } from "../../../plugin/Operation.ts"
import type { Context, Done } from "../../cli/Command.ts"
import type { Manager, Step } from "./Manager.ts"
import * as Place from "./Place.ts"

interface Said {
  /** `null`: it could not be started, or a signal ended it. */
  readonly code: number | null
  /** What it wrote, or why it could not be started. */
  readonly text: string
}

/** Runs a program to its end. Never one from the current folder. */
export type Run = (argv: ReadonlyArray<string>, env: Context["env"]) => Effect.Effect<Said>

interface Job {
  readonly command: "install" | "uninstall"
  readonly manager: Manager
  readonly found: Place.Found
  readonly before: ReadonlyArray<Step>
  readonly file: "write" | "remove" | "leave"
  readonly after: ReadonlyArray<Step>
}

/** A hub that somebody started by hand gives way; its attempts run on. */
export const installing = (manager: Manager, found: Place.Found, self: ReadonlyArray<string>): Job => {
  const isNew = found.state !== "same"
  return {
    command: "install",
    manager,
    found,
    before: isNew ? [{ argv: [...self, "stop"], may_fail: true }] : [],
    file: isNew ? "write" : "leave",
    after: manager.enable(isNew),
  }
}

export const uninstalling = (manager: Manager, found: Place.Found): Job => {
  const isOurs = found.state === "same" || found.state === "older"
  return {
    command: "uninstall",
    manager,
    found,
    before: isOurs ? manager.disable : [],
    file: isOurs ? "remove" : "leave",
    after: isOurs ? manager.forget : [],
  }
}

const isIdle = (job: Job): boolean => job.before.length + job.after.length === 0

export const told = (job: Job): Effect.Effect<Done> =>
  Effect.succeed({
    output: outputOf(job, false),
    text: isIdle(job)
      ? idle(job)
      : [...would(job), "", `Nothing is changed. To do it: hub service ${job.command} --apply`].join("\n"),
  })

export const done = Effect.fn("Service.done")(function* (
  job: Job,
  run: Run,
  env: Context["env"],
): Effect.fn.Return<Done, OperationFailed> {
  if (isIdle(job)) return { output: outputOf(job, true), text: idle(job) }
  const { after, before, found, manager } = job
  yield* probed(manager, run, env)
  const steps = (all: ReadonlyArray<Step>) => Effect.forEach(all, (step) => taken(job, step, run, env))
  const first = yield* steps(before)
  if (job.file === "write") yield* Place.write(manager, found)
  if (job.file === "remove") yield* Place.remove(manager, found)
  const last = yield* steps(after)
  const notes = job.command === "install" ? ["", ...manager.notes] : []
  return {
    output: outputOf(job, true),
    text: [...first, ...changes(job).map(([word, text]) => `${word}  ${text}`), ...last, ...notes].join("\n"),
  }
})

/** Asked before anything is changed. */
const probed = Effect.fnUntraced(function* ({ advice, name, probe }: Manager, run: Run, env: Context["env"]) {
  if (probe === undefined) return
  const { code, text } = yield* run(probe, env)
  if (code === 0) return
  const why = firstLine(text)
  return yield* new OperationFailed({
    code: "unavailable",
    message: `${name} does not answer${why === "" ? "" : ` (${why})`}, and nothing is changed. ${advice}`,
  })
})

const taken = Effect.fnUntraced(function* (
  job: Job,
  { argv, may_fail = false }: Step,
  run: Run,
  env: Context["env"],
) {
  const { code, text } = yield* run(argv, env)
  if (code === 0 || may_fail) return `ran      ${shown(argv)}`
  return yield* new OperationFailed({
    code: "unavailable",
    message: `\`${shown(argv)}\` ${code === null ? "could not be run" : `ended with ${code}`}: ${firstLine(text)}. What came before it is done; when it is put right: hub service ${job.command} --apply`,
  })
})

const idle = ({ command, found, manager }: Job): string =>
  command === "uninstall" && found.state === "foreign"
    ? `${manager.file} is not the hub's: it stays as it is`
    : "not installed: there is nothing to take back"

const would = (job: Job): ReadonlyArray<string> => [
  ...job.before.map(({ argv }) => `run      ${shown(argv)}`),
  ...changes(job).map(([word, text]) => `${word}  ${text}`),
  ...(job.file === "write" ? ["", job.manager.text.trimEnd().replace(/^(?=.)/gm, "    "), ""] : []),
  ...job.after.map(({ argv }) => `run      ${shown(argv)}`),
]

const changes = ({ file, found, manager }: Job): ReadonlyArray<readonly [word: string, text: string]> => {
  const kept = Place.keptAt(manager.file)
  if (file === "leave") return [["keep   ", `${manager.file} (it says that already)`]]
  if (file === "remove")
    return [
      ["remove ", manager.file],
      ...(found.kept === undefined ? [] : [["restore", `${manager.file} from ${kept}`] as const]),
    ]
  return [
    ...(found.state === "foreign"
      ? [["move   ", `${manager.file}, which is not the hub's, to ${kept}`] as const]
      : []),
    ["write  ", `${manager.file}${found.state === "older" ? " (instead of an older one)" : ""}`],
  ]
}

const outputOf = (job: Job, applied: boolean) => {
  const { file, text } = job.manager
  return {
    applied,
    manager: job.manager.name,
    file,
    change: job.file,
    ...(job.file === "write" ? { contents: text } : {}),
    commands: [...job.before, ...job.after].map(({ argv }) => argv),
  }
}

/** As it would be typed into a shell. */
const shown = (argv: ReadonlyArray<string>): string =>
  argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ")

const firstLine = (text: string): string => text.trim().split("\n", 1)[0] ?? ""

/** `hub dispatch`: hands work over, and with `--wait` watches it to its end. */
import { isAbsolute, resolve } from "node:path"
import { Effect, Schema } from "effect"
import { RunView } from "../../dispatch/Model.ts"
import { OperationFailed } from "../../plugin/Operation.ts"
import type { RunState } from "../../services/Runs.ts"
import type { Door } from "../Door.ts"
import { duration, roleOf } from "../Print.ts"
import { safe, short } from "../Terminal.ts"
import { type Command, type Context, fieldsOf } from "./Command.ts"
import { signalCode } from "./Ending.ts"
import { decodeWith, follow } from "./Follow.ts"
import { told } from "./Story.ts"

const wait = fieldsOf({
  properties: {
    wait: {
      type: "boolean",
      description: "Show what happens, then the answer; the exit code says how it ended.",
    },
  },
})

const examples = [
  'hub dispatch --agent claude --wait "explain what this project does"',
  'hub dispatch --pipeline implement --input task="add a --dry-run flag" "add a --dry-run flag"',
  "hub dispatch --agent claude --fallback codex,gemini --wait - < prompt.md",
  'hub dispatch --wait --json -- "--help is broken, fix it"',
]

export const dispatchCommand = (command: Command): Command => ({
  ...command,
  fields: () => [...command.fields(), ...wait],
  examples,
  run: (raw, context, marked) =>
    Effect.gen(function* () {
      const { wait, ...given } = raw
      const prompt = yield* promptOf(given["prompt"], context, marked)
      const door = yield* context.door("run")
      const { output } = yield* door.call(
        "dispatch",
        { ...given, ...placeOf(given, context), prompt },
        context.caller,
      )
      const { run_id } = yield* decodeWith(Accepted, output)
      if (wait !== true) return yield* accepted(run_id, output, context)
      return yield* Effect.mapError(watch(door, run_id, context), (error) => withRun(error, run_id))
    }),
})

/** The run was accepted: whatever happens to the watching, its id must not be lost. */
const withRun = ({ code, details, message }: OperationFailed, run_id: string): OperationFailed =>
  new OperationFailed({
    code,
    message: `${message} The run is ${run_id}.`,
    details: { run_id, cause: details ?? null },
  })

const Accepted = Schema.Struct({ run_id: Schema.String })

const promptOf = Effect.fnUntraced(function* (given: unknown, context: Context, marked: ReadonlySet<string>) {
  const isStdin = given === "-" && !marked.has("prompt")
  const text = isStdin ? yield* context.stdin : String(given)
  if (text.trim() !== "") return text
  return yield* new OperationFailed({
    code: "invalid",
    message: isStdin
      ? "The prompt on stdin is empty. Say what to do."
      : 'PROMPT is empty. Say what to do: hub dispatch "fix the failing test".',
  })
})

/** The shell's folder, unless a project or another folder is named. */
const placeOf = (given: Readonly<Record<string, unknown>>, { cwd }: Context): { readonly cwd?: string } => {
  const named = given["cwd"]
  if (named === "") return { cwd: named }
  if (typeof named === "string") return { cwd: isAbsolute(named) ? named : resolve(cwd, named) }
  return given["project"] === undefined ? { cwd } : {}
}

const accepted = Effect.fnUntraced(function* (
  run_id: string,
  output: unknown,
  { globals, terminal }: Context,
) {
  const next = `Accepted. Next: hub runs events ${run_id} --follow, or hub runs show ${run_id}\n`
  if (!globals.quiet && !globals.json) yield* terminal.err.write(terminal.err.paint("dim", next))
  return { output, text: run_id }
})

const watch = Effect.fnUntraced(function* (door: Door, run_id: string, context: Context) {
  const { progress, terminal } = context
  let from: number | undefined
  const ended = follow(door, context.caller, { run_id, after: 0 }, (event) => {
    from ??= event.at
    const line = told(event, from, terminal.err)
    if (line === undefined) return Effect.void
    const who = event.data["agent"] ?? event.step ?? run_id
    const asks = event.type === "input_required" && typeof event.data["id"] === "string"
    if (asks) return Effect.andThen(progress.line(line), progress.note(howToAnswer(run_id, event.data["id"])))
    return Effect.andThen(progress.line(line), progress.status(`${short(String(who), 30)} works`))
  })
  yield* progress.status(`${run_id} is on its way`)
  const signal = yield* Effect.raceFirst(context.interrupted, Effect.as(ended, undefined))
  const { output } = yield* door.call("check_dispatch", { run_id }, context.caller)
  return signal === undefined
    ? yield* concluded(output, context)
    : yield* left(run_id, output, signal, context)
})

const howToAnswer = (run_id: string, id: unknown): string =>
  `It waits. To see all of it: hub runs show ${run_id}. To answer: hub answer ${run_id} allow|deny ${String(id)}`

/** Ctrl-C ends the watching, not the work. */
const left = Effect.fnUntraced(function* (
  run_id: string,
  output: unknown,
  signal: "SIGINT" | "SIGTERM" | "SIGHUP",
  context: Context,
) {
  yield* context.progress.note(
    `${run_id} goes on without you. To see it: hub runs show ${run_id}. To end it: hub runs cancel ${run_id}.`,
  )
  return { output, text: "", code: signalCode(signal) }
})

const concluded = Effect.fnUntraced(function* (output: unknown, { globals, progress, terminal }: Context) {
  const run = yield* decodeWith(RunView, output)
  const { paint } = terminal.err
  const by = run.answered_by === undefined ? "" : `, answered by ${safe(run.answered_by)}`
  yield* progress.line(`${paint(roleOf(run.state), run.state)} after ${duration(run.duration_ms)}${by}`)
  if (run.state !== "succeeded" && !globals.json) yield* progress.note(explain(run))
  return { output, text: run.answer ?? "", verbatim: true, code: codeOf(run.state) }
})

const explain = ({ failure, run_id, state }: RunView): string => {
  const why =
    failure === undefined
      ? `The run ${state.replace("_", " ")}.`
      : `${failure.class}: ${safe(failure.message)}`
  return `hub: ${why}
     hub why ${run_id} tells what was tried.`
}

export const codeOf = (state: RunState): number => (state === "succeeded" ? 0 : state === "cancelled" ? 3 : 1)

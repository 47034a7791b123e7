/** Programs that stand in for agents and commands: a shell that prints what a test table says, and a decoder that reads it. */
import { Duration, Effect, Option, Schema } from "effect"
import * as Agent from "../plugin/Agent.ts"
import type { AgentHandle, DecoderHandle, ProgramAgentHandle } from "../plugin/Catalogue.ts"
import * as Failure from "../plugin/Failure.ts"
import type { Exit } from "../services/Supervisor.ts"
import type { AgentScript, CommandScript, TestTable } from "./TestTables.ts"
import type { Limits } from "./World.ts"

/** Tell a stand-in which of its scripts this start plays, and how many seconds it waits first. */
export const START = "HUB_TEST_START"
export const WAIT = "HUB_TEST_WAIT"

/** The scripts of one name, one for each start, the last for all further ones. */
export const nth = <S>(scripts: S | ReadonlyArray<S> | undefined, start: number): S | undefined => {
  if (!Array.isArray(scripts)) return scripts as S | undefined
  const list: ReadonlyArray<S> = scripts
  return list[Math.min(start, list.length - 1)]
}

/** A line on its stdout. The decoder believes nothing else. */
const Line = Schema.Union([
  Schema.Struct({ message: Schema.String }),
  Schema.Struct({ answer: Schema.String, data: Schema.optionalKey(Schema.Unknown) }),
  Schema.Struct({ failure: Failure.FailureFacts }),
])
type Line = typeof Line.Type
const LineJson = Schema.fromJsonString(Line)

/** The agent's id and abilities, with a shell in place of its program. */
export const agent = (
  real: AgentHandle,
  scripts: TestTable["agents"][string] | undefined,
): ProgramAgentHandle => ({
  kind: "program",
  id: real.id,
  plugin: real.plugin,
  summary: `stands in for ${real.id}`,
  supports: real.supports,
  probe: undefined,
  client: undefined,
  launch: (request) =>
    Effect.sync(() => {
      const script = nth(scripts, Number(request.env?.[START] ?? 0)) ?? undescribed(real.id)
      const lines = linesOf(script).map((line) => `${JSON.stringify(line)}\n`)
      const exit = script.exit ?? (script.fail === undefined ? 0 : 1)
      return {
        ...shell(request.env?.[WAIT] ?? "0", script.stderr ?? "", exit),
        stdin: { text: lines.join("") },
      }
    }),
  decoder: () => Effect.sync(decoder),
})

/** What the step's command is started as instead. */
export const command = (script: CommandScript, wait: string) => ({
  program: "/bin/sh",
  args: ["-c", 'sleep "$1"; printf %s "$2"; exit "$3"', "stand-in", wait, script.output, `${script.exit}`],
})

const shell = (wait: string, stderr: string, exit: number) => ({
  program: "/bin/sh",
  args: ["-c", 'sleep "$1"; printf %s "$2" >&2; cat; exit "$3"', "stand-in", wait, stderr, String(exit)],
})

const undescribed = (id: string): AgentScript => ({
  fail: "crashed",
  stderr: `The test does not say what agent "${id}" does.`,
})

const linesOf = ({ data, fail, retry_after, say, stream }: AgentScript): ReadonlyArray<Line> => {
  const messages = (stream ?? []).map((message) => ({ message }))
  if (fail !== undefined) {
    const wait = retry_after === undefined ? {} : { retry_after_ms: Duration.toMillis(retry_after) }
    return [...messages, { failure: { class: fail, message: `The test says ${fail}.`, ...wait } }]
  }
  if (say === undefined && data === undefined) return messages
  return [...messages, { answer: say ?? JSON.stringify(data), ...(data === undefined ? {} : { data }) }]
}

const decoder = (): DecoderHandle => {
  let last: Line | undefined
  const stderr: Array<string> = []
  const read = (text: string) => {
    const line = Option.getOrUndefined(Schema.decodeUnknownOption(LineJson)(text))
    if (line === undefined) return Agent.output(text, "stdout")
    if (!("message" in line)) last = line
    return Agent.message(
      "message" in line ? line.message : "answer" in line ? line.answer : line.failure.message,
    )
  }
  return {
    may_skip: false,
    feed: (lines, stream) =>
      Effect.sync(() => {
        if (stream === "stdout") return lines.map(read)
        stderr.push(...lines)
        return lines.map((line) => Agent.output(line, stream))
      }),
    end: (exit) => concluded(last, exit, stderr.slice(-20)),
  }
}

const concluded = (last: Line | undefined, exit: Exit, evidence: ReadonlyArray<string>) => {
  if (last !== undefined && "failure" in last)
    return Effect.fail(new Failure.Failure({ ...last.failure, evidence: [...evidence] }))
  if (last !== undefined && "answer" in last) {
    const { answer, data } = last
    return Effect.succeed({ text: answer, ...(data === undefined ? {} : { data }) })
  }
  const code = exit.code === null ? {} : { exit_code: exit.code }
  return Effect.fail(
    Failure.of("crashed", `It exited with ${exit.code} and gave no answer.`, { evidence, ...code }),
  )
}

const LONGEST_WAIT_MS = 1_000

/** Makes the waits of one test short, and keeps their order and which limits they pass. */
export type Shorten = (
  after: Duration.Duration | undefined,
  limits: Limits,
) => {
  /** In seconds, for `sleep`. */
  readonly wait: string
  readonly limits: Limits
}

export const shortenFor = ({ agents, commands }: TestTable): Shorten => {
  const scripts = [...Object.values(agents), ...Object.values(commands)].flat()
  const longest = Math.max(
    0,
    ...scripts.map(({ after }) => (after === undefined ? 0 : Duration.toMillis(after))),
  )
  const scale = Math.min(1, LONGEST_WAIT_MS / longest)
  return (after, limits) => {
    if (after === undefined) return { wait: "0", limits }
    const passed = passedLimit(after, limits)
    if (passed === undefined) return { wait: String((Duration.toMillis(after) * scale) / 1_000), limits }
    return { wait: OUTLASTS, limits: { ...limits, [passed]: Duration.millis(LONGEST_WAIT_MS / 4) } }
  }
}

/** Seconds: longer than the limits that end it. */
const OUTLASTS = "600"

const passedLimit = (after: Duration.Duration, { stall, timeout }: Limits) => {
  if (stall !== undefined && Duration.isGreaterThanOrEqualTo(after, Duration.min(stall, timeout))) {
    return Duration.isLessThan(stall, timeout) ? "stall" : "timeout"
  }
  return Duration.isGreaterThanOrEqualTo(after, timeout) ? "timeout" : undefined
}

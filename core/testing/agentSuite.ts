/** What every adapter of a program must stand: odd requests, odd output, odd ends. Pure, but for a real process in the agent's place. */
import { strict as assert } from "node:assert"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Duration, Effect, Exit as EffectExit, Schema, Stream } from "effect"
import type { AgentEvent, AgentRequest, Answer, Launch, ProgramAgent } from "../plugin/Agent.ts"
import { Failure, FailureClass } from "../plugin/Failure.ts"
import type { Exit } from "../services/Supervisor.ts"
import { Supervisor } from "../services/Supervisor.ts"
import { test } from "./collect.ts"

export interface Check {
  readonly name: string
  readonly run: Effect.Effect<void, unknown, Supervisor>
}

/** A recorded stream. Its name says how it ends: `ok-….jsonl` with an answer, `rate_limited-….jsonl` with that failure. */
export interface Recording {
  readonly name: string
  readonly text: string
}

/** The agent as the suite asks it: a plugin's own, or one behind the hub's border. */
export interface Subject {
  readonly id: string
  readonly launch: (request: AgentRequest) => Effect.Effect<Launch, Failure>
  /** Feeds the lines to a fresh decoder, then ends it. */
  readonly decode: (
    request: AgentRequest,
    lines: ReadonlyArray<string>,
    exit: Exit,
  ) => Effect.Effect<{ readonly events: ReadonlyArray<AgentEvent>; readonly end: Answer | Failure }, Failure>
}

/** Registers the suite for one agent; `layer` from the hub's own rooms gives the processes. */
export const agentSuite = (agent: ProgramAgent, recordings: ReadonlyArray<Recording> = []): void => {
  for (const check of agentChecks(subjectOf(agent), recordings))
    test(`${agent.id}: ${check.name}`, async () => {
      const { layer } = await import("../live/Supervisor.ts")
      return Effect.runPromise(Effect.provide(check.run, layer))
    })
}

/** A plugin's own agent, without the hub's border. */
export const subjectOf = (agent: ProgramAgent): Subject => ({
  id: agent.id,
  launch: (request) => Effect.suspend(() => result(agent.launch(request))),
  decode: (request, lines, exit) =>
    Effect.sync(() => {
      const decoder = agent.decoder(request)
      const events = lines.flatMap((line) => decoder.feed(line, "stdout"))
      return { events, end: decoder.end(exit) }
    }),
})

const result = <A>(value: A | Failure): Effect.Effect<A, Failure> =>
  value instanceof Failure ? Effect.fail(value) : Effect.succeed(value)

const exited = (code: number | null, signal: string | null = null): Exit => ({
  code,
  signal,
  timed_out: false,
  lost: false,
  ended_at: 0,
})

const requestOf = (prompt: string): AgentRequest => ({
  run_id: "suite",
  attempt: 1,
  prompt,
  cwd: "/",
  dir: "/nowhere",
  prompt_file: "/nowhere/prompt",
})

/** Longest single argument on Linux. */
const MAX_ARGUMENT = 128 * 1024

const prompts: Readonly<Record<string, string>> = {
  "a prompt": "Say hello.",
  "an empty prompt": "",
  "a prompt that looks like a flag": "--help",
  "a prompt with quotes, newlines and unicode": "'\"`$(id)`\n\u{1f600} ü\n",
  "a prompt of 2 MB": "x".repeat(2 * 1024 * 1024),
}

const odd = [
  "",
  "{",
  "[]",
  "null",
  "42",
  '"text"',
  "{}",
  '{"type":"unknown","x":{"y":[1]}}',
  '{"type":null}',
  "\u0000\u0007",
  "half a character: \uFFFD",
  '{"type":"text","text":"\uFFFD"}',
  "plain words",
]

export const agentChecks = (agent: Subject, recordings: ReadonlyArray<Recording>): ReadonlyArray<Check> => {
  const decoded = (lines: ReadonlyArray<string>, exit: Exit) => agent.decode(requestOf("hi"), lines, exit)
  const fails = (lines: ReadonlyArray<string>, exit: Exit) =>
    Effect.map(decoded(lines, exit), ({ end }) =>
      assert(end instanceof Failure, `ended with the answer ${JSON.stringify(end)}; a failure was due`),
    )
  return [
    ...Object.entries(prompts).map(([name, prompt]) => ({
      name: `${name} is launched, or refused with a Failure`,
      run: launches(agent, prompt),
    })),
    { name: "no output is a failure, whatever the exit code says", run: fails([], exited(0)) },
    { name: "an exit code above 0 without an answer is a failure", run: fails([], exited(3)) },
    { name: "an end by a signal without an answer is a failure", run: fails([], exited(143, "SIGTERM")) },
    {
      name: "a lost process without an answer is a failure",
      run: fails([], { ...exited(null), lost: true }),
    },
    {
      name: "an end by the time limit without an answer is a failure",
      run: fails([], { ...exited(143, "SIGTERM"), timed_out: true }),
    },
    {
      name: "lines that it does not know do no harm, half characters neither",
      run: Effect.flatMap(decoded(odd, exited(1)), ({ events }) => wellFormed(events)),
    },
    {
      name: "a line of 16 MB, as much as the hub gives of one of 50 MB, does no harm",
      run: Effect.asVoid(decoded(["x".repeat(16 * 1024 * 1024)], exited(1))),
    },
    { name: "reads the same lines the same way twice", run: twice(agent, recordings) },
    {
      name: "an early sign names its class, and comes before the agent has said that it is done",
      run: Effect.asVoid(Effect.forEach(recordings, (recording) => noLateSign(agent, recording))),
    },
    ...recordings.map((recording) => ({
      name: `${recording.name} ends as its name says`,
      run: plays(agent, recording),
    })),
    { name: "a missing program is told before anything starts", run: missing(agent) },
    { name: "a real process in its place: output cut inside a character, exit 3", run: cutInside(agent) },
    { name: "a real process in its place: silence until the time limit", run: silent(agent) },
    { name: "a real process in its place: a line of 50 MB, of which the hub gives 16", run: longLine(agent) },
    { name: "an interruption leaves no grandchild", run: grandchildren },
  ]
}

const launches = (agent: Subject, prompt: string) =>
  Effect.gen(function* () {
    const [first, second] = yield* Effect.all([
      Effect.result(agent.launch(requestOf(prompt))),
      Effect.result(agent.launch(requestOf(prompt))),
    ])
    if (first._tag === "Failure") return
    assert.deepEqual(first, second, "two launches of one request differ")
    const launch = first.success
    assert(launch.program !== "", "no program")
    assert(
      launch.args.every((arg) => typeof arg === "string" && !arg.includes("\0")),
      "an argument is no text, or holds NUL",
    )
    const longest = launch.args.find((arg) => Buffer.byteLength(arg) >= MAX_ARGUMENT)
    assert(
      longest === undefined,
      "an argument is longer than 128 KB, which Linux refuses: hand the prompt over by stdin or file",
    )
    const bare =
      prompt.startsWith("-") &&
      launch.args.indexOf(prompt) > 0 &&
      !launch.args.includes("--") &&
      !launch.args[launch.args.indexOf(prompt) - 1]?.startsWith("-")
    assert(
      !bare,
      `the prompt ${prompt} would be read as a flag: put "--" before it, or hand it over by stdin`,
    )
  })

const wellFormed = (events: ReadonlyArray<AgentEvent>) =>
  Effect.sync(() => {
    for (const event of events) {
      assert(
        typeof event.type === "string" && event.type !== "",
        `an event without a type: ${JSON.stringify(event)}`,
      )
      assert(typeof event.data === "object" && event.data !== null, `an event without data: ${event.type}`)
      if (event.type === "signal")
        assert(
          Schema.is(FailureClass)(event.data["class"]),
          `a signal of no known class: ${JSON.stringify(event.data)}`,
        )
    }
  })

const linesOf = (text: string) =>
  text.split(/\r\n|\n|\r/).filter((line, index, all) => line !== "" || index < all.length - 1)

const twice = (agent: Subject, recordings: ReadonlyArray<Recording>) =>
  Effect.gen(function* () {
    const lines = [...odd, ...recordings.flatMap(({ text }) => linesOf(text))]
    const read = Effect.result(agent.decode(requestOf("hi"), lines, exited(0)))
    assert.deepEqual(
      plain(yield* read),
      plain(yield* read),
      "a restarted hub reads from the first byte again and must see the same",
    )
  })

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const plays = (agent: Subject, { name, text }: Recording) =>
  Effect.gen(function* () {
    const known = FailureClass.literals.find((literal) => name.startsWith(literal))
    const { end, events } = yield* agent.decode(
      requestOf("hi"),
      linesOf(text),
      exited(name.startsWith("ok") ? 0 : 1),
    )
    yield* wellFormed(events)
    if (name.startsWith("ok"))
      assert(!(end instanceof Failure), `ended with a failure: ${end instanceof Failure ? end.message : ""}`)
    if (known !== undefined) assert.equal(end instanceof Failure ? end.class : "an answer", known)
  })

/** A sign that is told after the agent's own word of success would end an attempt that has its answer. */
export const noLateSign = (agent: Subject, { name, text }: Recording) =>
  Effect.gen(function* () {
    if (!name.startsWith("ok")) return
    const lines = linesOf(text)
    const done = yield* linesToSuccess(agent, lines)
    const before = yield* agent.decode(requestOf("hi"), lines.slice(0, done), exited(0))
    const all = yield* agent.decode(requestOf("hi"), lines, exited(0))
    const late = signals(all.events) - signals(before.events)
    assert.equal(late, 0, `${name}: a signal after line ${done}, which says that the work is done`)
  })

const signals = (events: ReadonlyArray<AgentEvent>) => events.filter(({ type }) => type === "signal").length

/** How many lines it takes until the stream means success for good. */
const linesToSuccess = (agent: Subject, lines: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    for (let count = lines.length; count > 0; count--) {
      const { end } = yield* agent.decode(requestOf("hi"), lines.slice(0, count - 1), exited(0))
      if (end instanceof Failure) return count
    }
    return 0
  })

const started = <A, E, R>(body: (folder: string) => Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "hub-suite-"))),
    body,
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
  )

const specOf = (folder: string, program: string, args: ReadonlyArray<string>) => ({
  program,
  args,
  cwd: folder,
  run_id: "suite",
  dir: join(folder, "attempt"),
  time_limit: Duration.minutes(1),
  grace: Duration.millis(200),
})

const missing = (agent: Subject) =>
  started((folder) =>
    Effect.gen(function* () {
      const launch = yield* agent.launch(requestOf("hi"))
      const exit = yield* Effect.exit(
        (yield* Supervisor).start(specOf(folder, `${launch.program}-that-is-not-installed`, launch.args)),
      )
      assert(
        EffectExit.isFailure(exit) && String(exit.cause).includes("ProgramMissing"),
        "the start was not refused",
      )
    }),
  )

const cutInside = (agent: Subject) =>
  started((folder) =>
    Effect.gen(function* () {
      const script = join(folder, "program.sh")
      writeFileSync(script, "printf 'ab\\303'; printf '\\251\\n\\303' >&1; exit 3\n")
      const process = yield* (yield* Supervisor).start(specOf(folder, "/bin/sh", [script]))
      const outputs = yield* Stream.runCollect(process.follow())
      const lines = outputs
        .filter(({ stream }) => stream === "stdout")
        .flatMap(({ lines }) => lines.map(({ text }) => text))
      assert.deepEqual(lines, ["ab\u00e9", "\uFFFD"])
      const { end } = yield* agent.decode(requestOf("hi"), lines, yield* process.exit)
      assert(end instanceof Failure, "exit 3 and no answer of its own is a failure")
    }),
  )

const silent = (agent: Subject) =>
  started((folder) =>
    Effect.gen(function* () {
      const spec = { ...specOf(folder, "/bin/sh", ["-c", "sleep 600"]), time_limit: Duration.millis(300) }
      const process = yield* (yield* Supervisor).start(spec)
      const exit = yield* process.exit
      assert(exit.timed_out, "the time limit did not end it")
      const { end } = yield* agent.decode(requestOf("hi"), [], exit)
      assert(end instanceof Failure, "silence is no answer")
    }),
  )

const megabyte = 1024 * 1024

const longLine = (agent: Subject) =>
  started((folder) =>
    Effect.gen(function* () {
      const script = `head -c ${50 * megabyte} /dev/zero | tr '\\0' x; echo; echo done; exit 3`
      const process = yield* (yield* Supervisor).start(specOf(folder, "/bin/sh", ["-c", script]))
      const outputs = yield* Stream.runCollect(process.follow())
      const given = outputs.filter(({ stream }) => stream === "stdout").flatMap(({ lines }) => lines)
      assert.deepEqual(
        given.map(({ cut, text }) => [cut, text.length]),
        [
          [true, 16 * megabyte],
          [false, 4],
        ],
      )
      const lines = given.map(({ text }) => text)
      const { end } = yield* agent.decode(requestOf("hi"), lines, yield* process.exit)
      assert(end instanceof Failure, "exit 3 and no answer of its own is a failure")
    }),
  )

const grandchildren = started((folder) =>
  Effect.gen(function* () {
    const process_ = yield* (yield* Supervisor).start(
      specOf(folder, "/bin/sh", ["-c", "sh -c 'sleep 600 & echo $!; wait' & wait"]),
    )
    const first = yield* Stream.runHead(Stream.filter(process_.follow(), ({ lines }) => lines.length > 0))
    const pid = first._tag === "Some" ? Number(first.value.lines[0]?.text) : 0
    assert(pid > 1, "the grandchild did not tell its pid")
    yield* process_.end
    assert(!lives(pid), `the grandchild ${pid} lives on`)
  }),
)

/** A dead process that nobody has waited for yet does not live. */
const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !existsSync("/proc/self/stat") || !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")
  } catch {
    return false
  }
}

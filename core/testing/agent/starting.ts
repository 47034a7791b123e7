/** How an adapter stands what real programs do: one of these is started in the place of its own. */
import { strict as assert } from "node:assert"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Duration, Effect, Exit as EffectExit, Stream } from "effect"
import { Supervisor } from "../../services/Supervisor.ts"
import { isAlive } from "../processes.ts"
import { requestOf } from "../request.ts"
import { fails } from "./decoding.ts"
import type { Check, Subject } from "./Subject.ts"

export const starting = (agent: Subject): ReadonlyArray<Check> => [
  { name: "a missing program is told before anything starts", run: missing(agent) },
  { name: "a real process in its place: output cut inside a character, exit 3", run: cutInside(agent) },
  { name: "a real process in its place: silence until the time limit", run: silent(agent) },
  { name: "a real process in its place: a line of 50 MB, of which the hub gives 16", run: longLine(agent) },
  { name: "an interruption leaves no grandchild", run: grandchildren() },
]

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
      const launch = yield* agent.launch(requestOf())
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
      yield* fails(agent, lines, yield* process.exit)
    }),
  )

const silent = (agent: Subject) =>
  started((folder) =>
    Effect.gen(function* () {
      const spec = { ...specOf(folder, "/bin/sh", ["-c", "sleep 600"]), time_limit: Duration.millis(300) }
      const process = yield* (yield* Supervisor).start(spec)
      const exit = yield* process.exit
      assert(exit.timed_out, "the time limit did not end it")
      yield* fails(agent, [], exit)
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
      yield* fails(agent, lines, yield* process.exit)
    }),
  )

const grandchildren = () =>
  started((folder) =>
    Effect.gen(function* () {
      const process_ = yield* (yield* Supervisor).start(
        specOf(folder, "/bin/sh", ["-c", "sh -c 'sleep 600 & echo $!; wait' & wait"]),
      )
      const first = yield* Stream.runHead(Stream.filter(process_.follow(), ({ lines }) => lines.length > 0))
      const pid = first._tag === "Some" ? Number(first.value.lines[0]?.text) : 0
      assert(pid > 1, "the grandchild did not tell its pid")
      yield* process_.end
      assert(!isAlive(pid), `the grandchild ${pid} lives on`)
    }),
  )

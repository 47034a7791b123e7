/** Recorded streams of an agent, each with what an adapter must make of it. One table for tests, docs and `hub agent record`. */
import { strict as assert } from "node:assert"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, Schema } from "effect"
import type { AgentEvent, ProgramAgent } from "../plugin/Agent.ts"
import { Failure, FailureClass } from "../plugin/Failure.ts"
import { noLateSign } from "./agent/decoding.ts"
import { subjectOf } from "./agent/Subject.ts"
import { test } from "./collect.ts"
import { requestOf } from "./request.ts"

const key = Schema.optionalKey

const Case = Schema.Struct({
  /** Exit code, and the signal that ended it. Both left out: it was still running. */
  exit: key(Schema.Int),
  signal: key(Schema.String),
  /** What it was asked, where that matters to the decoder. */
  request: key(Schema.Record(Schema.String, Schema.Unknown)),
  /** The class it fails with; left out: it answers. */
  class: key(FailureClass),
  /** What the answer, or the sentence of the failure, has in it. */
  text: key(Schema.String),
  data: key(Schema.Unknown),
  /** Its first early signal. */
  early: key(FailureClass),
  session: key(Schema.String),
  usage: key(Schema.Record(Schema.String, Schema.Finite)),
  /** Types of events that must be among those told, in this order. */
  events: key(Schema.Array(Schema.String)),
  resets_at: key(Schema.Finite),
  retry_after_ms: key(Schema.Finite),
  window: key(Schema.String),
})
export type RecordedCase = typeof Case.Type

/** `fixtures/index.json`; beside it stand `<case>.jsonl` (stdout) and `<case>.stderr.txt`. */
export const Recordings = Schema.Struct({
  agent: Schema.String,
  version: Schema.String,
  /** Day of the recording: `2026-11-20`. */
  date: Schema.String,
  cases: Schema.Record(Schema.String, Case),
})

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Recordings), {
  errors: "all",
  onExcessProperty: "error",
})

export const readRecordings = (folder: string): typeof Recordings.Type => {
  const file = join(folder, "index.json")
  if (!existsSync(file))
    throw new Error(`${file} is missing: it says what the adapter must make of each recording beside it`)
  try {
    return decode(readFileSync(file, "utf8"))
  } catch (cause) {
    throw new Error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

const linesOf = (file: string): ReadonlyArray<string> =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : []

/** Plays one recording into a fresh decoder: first what came on stderr. */
export const play = (agent: ProgramAgent, folder: string, name: string, wanted: RecordedCase) => {
  const decoder = agent.decoder(requestOf(wanted.request))
  const heard = (["stderr", "stdout"] as const).flatMap((stream) =>
    linesOf(join(folder, `${name}.${stream === "stdout" ? "jsonl" : "stderr.txt"}`)).flatMap((line) =>
      decoder.feed(line, stream),
    ),
  )
  const end = decoder.end({
    code: wanted.exit ?? null,
    signal: wanted.signal ?? null,
    timed_out: false,
    lost: false,
    ended_at: 0,
  })
  return { events: heard, end }
}

/** Registers a test for each recording in the folder: a path, or `new URL("./fixtures", import.meta.url)`. */
export const recordedSuite = (agent: ProgramAgent, place: string | URL): void => {
  const folder = typeof place === "string" ? place : fileURLToPath(place)
  for (const [name, wanted] of Object.entries(readRecordings(folder).cases))
    test(`${agent.id}, recorded: ${name} ${wanted.class === undefined ? "answers" : `is ${wanted.class}`}`, () => {
      const { end, events } = play(agent, folder, name, wanted)
      const facts = end instanceof Failure ? end.facts : undefined
      assert.equal(facts?.class, wanted.class, facts?.message ?? "it answered")
      const text = end instanceof Failure ? end.message : end.text
      if (wanted.text !== undefined) assert(text.includes(wanted.text), `"${text}" lacks "${wanted.text}"`)
      const early = events.find(({ type }) => type === "signal")?.data["class"]
      if (wanted.early !== undefined) assert.equal(early, wanted.early)
      for (const key of ["resets_at", "retry_after_ms", "window"] as const)
        if (wanted[key] !== undefined) assert.equal(facts?.[key], wanted[key])
      if (!(end instanceof Failure)) {
        if (wanted.session !== undefined) assert.equal(end.session_id, wanted.session)
        if (wanted.usage !== undefined) assert.deepEqual(end.usage, wanted.usage)
        if (wanted.data !== undefined) assert.deepEqual(end.data, wanted.data)
      }
      inOrder(events, wanted.events ?? [])
      const file = join(folder, `${name}.jsonl`)
      if (wanted.class === undefined && existsSync(file))
        Effect.runSync(noLateSign(subjectOf(agent), { name: `ok-${name}`, text: readFileSync(file, "utf8") }))
    })
}

const inOrder = (events: ReadonlyArray<AgentEvent>, wanted: ReadonlyArray<string>): void => {
  let from = 0
  for (const type of wanted) {
    const at = events.findIndex((event, index) => index >= from && event.type === type)
    assert(at >= 0, `no ${type} after event ${from} of: ${events.map((event) => event.type).join(", ")}`)
    from = at + 1
  }
}

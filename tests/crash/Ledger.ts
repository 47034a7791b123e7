/** What agents note by themselves, and what it says about the hub that was killed while they worked. */
import { Database } from "bun:sqlite"
import * as fs from "node:fs"
import * as path from "node:path"
import { processesWith } from "../../core/testing/processes.ts"
import { agent, type Home } from "../support/hub.ts"

const fileOf = (home: Home) => path.join(home.path, "ledger")

/** Files of a home with the pipeline `both`: two attempts that succeed after one that never does. Each notes its begin and its end. */
export const files = (home: Home): Readonly<Record<string, string>> => {
  const ledger = fileOf(home)
  const script = (end: string) =>
    `echo "begin $HUB_ATTEMPT" >> ${ledger}; sleep 0.0$(($$ % 10)); echo "end $HUB_ATTEMPT" >> ${ledger}; ${end}`
  const step = (id: string, who: string, prompt: string) =>
    `[step.${id}]\ntype = "agent"\nagent = "${who}"\nprompt = "${prompt}"\n`
  return {
    "hub/plugins.toml":
      agent("limited", script("echo boom >&2; exit 3"), 'prompt = "stdin"') +
      agent("steady", script("echo done"), 'prompt = "stdin"'),
    "hub/pipelines/both.toml": [
      'run = ["first", "then"]\n[step.first]\ntype = "fallback"\ntry = ["limited", "steady"]\n',
      step("limited", "limited", "{{ run.prompt }}"),
      step("steady", "steady", "{{ run.prompt }}"),
      step("then", "steady", "then {{ steps.first.answer }}"),
    ].join(""),
  }
}

/** What agents wrote: attempts in the order of their begins, and of their ends. */
const read = (home: Home) => {
  const lines = fs.readFileSync(fileOf(home), "utf8").trim().split("\n")
  const after = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))
  return { begun: after("begin"), ended: after("end") }
}

interface Stored {
  readonly run_id: string
  readonly state: string
  readonly answer: string | null
  /** Attempts of the agent that succeeds. */
  readonly succeeded: number
  readonly events: number
  readonly first: number
  readonly last: number
  readonly ends: number
}

/** What the database says of each run. */
export const stored = (home: Home): ReadonlyArray<Stored> => {
  const database = new Database(path.join(home.path, "hub/hub.db"), { readonly: true })
  // A hub that starts after a kill has it for itself at first.
  database.run("pragma busy_timeout=10000")
  try {
    return database
      .query<Stored, []>(
        `select run_id, state, trim(answer, char(10)) as answer,
          (select count(*) from attempts a where a.run_id = r.run_id and agent = 'steady' and state = 'succeeded') as succeeded,
          (select count(*) from events e where e.run_id = r.run_id) as events,
          (select min(seq) from events e where e.run_id = r.run_id) as first,
          (select max(seq) from events e where e.run_id = r.run_id) as last,
          (select count(*) from events e where e.run_id = r.run_id and type in ('run_succeeded', 'run_failed', 'run_timed_out', 'run_cancelled')) as ends
        from runs r order by n`,
      )
      .all()
  } finally {
    database.close()
  }
}

/** Everything that is wrong, each as a sentence; none when nothing is. Call once neither hub nor client is at work: then nothing that knows this home is left. */
export const faults = (home: Home, acknowledged: ReadonlyArray<string>): ReadonlyArray<string> => {
  const runs = stored(home)
  const known = new Set(runs.map(({ run_id }) => run_id))
  const { begun, ended } = read(home)
  const left = processesWith([`HUB_HOME=${path.join(home.path, "hub")}`])
  return [
    ...acknowledged.filter((id) => !known.has(id)).map((id) => `${id} was acknowledged and is not known`),
    ...runs.flatMap(wrongWith),
    ...twice(acknowledged).map((id) => `${id} was acknowledged twice`),
    ...twice(begun).map((attempt) => `${attempt} ran twice`),
    ...begun
      .filter((attempt) => !ended.includes(attempt))
      .map((attempt) => `${attempt} did not end by itself`),
    ...left.map((pid) => `process ${pid} is left`),
  ]
}

const wrongWith = (run: Stored): ReadonlyArray<string> => {
  const expected = { state: "succeeded", answer: "done", succeeded: 2, first: 1, last: run.events, ends: 1 }
  const wrong = Object.entries(expected).filter(([key, value]) => run[key as keyof Stored] !== value)
  return wrong.map(
    ([key, value]) => `${run.run_id}: ${key} is ${String(run[key as keyof Stored])}, not ${String(value)}`,
  )
}

const twice = (all: ReadonlyArray<string>): ReadonlyArray<string> => {
  const seen = new Set<string>()
  return all.filter((one) => seen.has(one) || (seen.add(one), false))
}

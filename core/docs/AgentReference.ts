/** What agents can be asked, read off their adapters, and what each recorded end of a real one becomes, from the tables that these are tried against. */
import type { ProgramAgent } from "../plugin/Agent.ts"
import type { FailureClass } from "../plugin/Failure.ts"
import { abilities } from "./Abilities.ts"
import { code, table } from "./Markdown.ts"

interface Case {
  /** The class it fails with; left out: it answers. */
  readonly class?: FailureClass
  /** Of its first early sign. */
  readonly early?: FailureClass
  readonly signal?: string
}

/** One agent's `fixtures/index.json`. */
export interface Recorded {
  readonly agent: string
  readonly version: string
  readonly date: string
  readonly cases: Readonly<Record<string, Case>>
}

/** What was done to the agent, and the recordings of it. */
const happened: ReadonlyArray<readonly [what: string, ...names: ReadonlyArray<string>]> = [
  ["429, requests per minute", "e429"],
  ["429, watched to its end", "e429-long"],
  ["429, with its own patience", "e429-default-retries"],
  ["429, with less patience of its own", "e429-maxattempts2"],
  ["429, with its log", "e429-printlogs"],
  ["rate limit, told in the stream", "ratelimit-stream"],
  ["429, quota used up", "quota"],
  ["the limit of a subscription", "oauth-quota"],
  ["the limit of a subscription, told by the server", "usage"],
  ["quota used up, told in the stream", "quota-stream"],
  ["no credit left", "credit"],
  ["401", "e401"],
  ["403", "e403"],
  ["no key", "nokey"],
  ["404, no such model", "e404"],
  ["400", "e400"],
  ["413", "e413"],
  ["the prompt is too long", "context"],
  ["the prompt is too long, told in the stream", "context-stream"],
  ["500", "e500"],
  ["500, with less patience of its own", "e500-maxattempts2"],
  ["500, with a wait that the server names", "e500-retryafter"],
  ["503", "e503"],
  ["503, with less patience of its own", "e503-maxattempts2"],
  ["529", "e529"],
  ["nobody listens", "refused"],
  ["nobody listens, with less patience of its own", "refused-maxattempts2"],
  ["no such host", "dns"],
  ["the socket is closed at once", "drop"],
  ["the socket is closed at once, with less patience of its own", "drop-maxattempts2"],
  ["the stream is cut", "middrop"],
  ["an error in the stream", "streamerr"],
  ["a page of a proxy", "garbage"],
  ["an empty answer", "empty"],
  ["the model refuses", "refusal"],
  ["the answer is cut by a limit", "maxtok"],
  ["too many turns", "max-turns"],
  ["too expensive", "max-budget"],
  ["a session that there is not", "bad-resume", "bad-session"],
  ["a flag that it does not know", "bad-flag", "badflag"],
  ["a config that it does not take", "bad-config"],
  ["SIGTERM", "kill-term"],
  ["SIGINT", "kill-int"],
  ["SIGKILL", "kill-kill"],
]

export const agentReference = (agents: ReadonlyArray<ProgramAgent>, all: ReadonlyArray<Recorded>): string =>
  [
    "<!-- Written by `bun run docs` from the adapters and the recordings that they are tried against; changes here are lost. -->",
    "# Agents: what they can be asked, and what their failures become",
    "## What they can be asked",
    'What the adapter says to the program for it. `as it is`: the program does so by itself. no: a pipeline that asks for it is refused when it is checked, and an attempt fails with `adapter_mismatch` before anything starts. Questions answered by a person or by rules, `permission = "ask"`, go through [agent-acp](../../plugins/agent-acp/README.md).',
    abilities(agents),
    "## What their failures become",
    "Each cell is a recorded run of the real program against a model's server that failed as the row says, and the class that its adapter makes of it. \\*: the program was still trying, silently, when its recording was ended; what ends it in a run is `stall`. †: it told early, and the attempt ends once that has stood for `patience`, however long the program itself would try. An empty cell was not recorded.",
    table(["what happened", ...all.map(({ agent }) => agent)], rows(all)),
    "Recorded with:",
    all
      .map(({ agent, cases, date, version }) => {
        const answers = Object.values(cases).filter((one) => one.class === undefined).length
        return `* ${code(agent)} ${version}, ${date}: ${Object.keys(cases).length} recordings, ${answers} of them answers`
      })
      .join("\n"),
    "The classes, and which of them are retried or move on to the next candidate: [pipelines](pipelines.md).",
  ].join("\n\n") + "\n"

const rows = (all: ReadonlyArray<Recorded>): ReadonlyArray<ReadonlyArray<string>> =>
  happened.flatMap(([what, ...names]) => {
    const cells = all.map(({ cases }) =>
      cell(names.map((name) => cases[name]).find((one) => one !== undefined)),
    )
    return cells.every((one) => one === "") ? [] : [[what, ...cells]]
  })

const cell = (one: Case | undefined): string => {
  if (one === undefined) return ""
  if (one.class === undefined) return "answers"
  const mark = one.early !== undefined ? " †" : one.signal === "SIGKILL" ? " \\*" : ""
  return `${code(one.class)}${mark}`
}

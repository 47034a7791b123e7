/** The pipeline of a dispatch that names none: an agent, and those to try after it. */
import { Effect } from "effect"
import { Invalid, stringify } from "../toml/Toml.ts"
import type { Catalogued, Kinds } from "./Draft.ts"
import type { Source } from "./Plan.ts"
import { resolve } from "./Resolve.ts"
import * as Session from "./Session.ts"

export interface Wish {
  readonly agent: string
  /** Tried in order; those named twice once. */
  readonly fallback?: ReadonlyArray<string> | undefined
  /** For `agent` alone: another agent knows other models. */
  readonly model?: string | undefined
  readonly permission?: string | undefined
  /** For `agent` alone: `new`, `continue` for the project's last session with it, or a session's own id. */
  readonly session?: string | undefined
  /** For `agent` alone: branches off that session. */
  readonly fork?: boolean | undefined
}

/** As it is shown where a pipeline's name would stand. */
export const ID = "direct"

/** As a file, so that a restarted hub resolves it like any other. */
export const source = (wish: Wish): Source => ({ id: ID, file: "(direct)", text: stringify(document(wish)) })

/** What is wrong with it, without a place in a file that nobody wrote: each once, with the key that was asked for. */
const asAsked = ({ diagnostics }: Invalid): Invalid => {
  const told = diagnostics.map((one) => ({ ...one, file: "", path: one.path.split(".").at(-1) ?? "" }))
  const unique = new Map(told.map((one) => [`${one.path} ${one.message}`, one]))
  return new Invalid({ diagnostics: [...unique.values()] })
}

/** Fails as any pipeline does: an agent that is not there, or that cannot do what is asked. */
export const plan = Effect.fn("Pipeline.implicit")(function* (
  wish: Wish,
  catalogue: Catalogued & { readonly steps: Kinds },
  kinds: Kinds,
) {
  const only = source(wish)
  const sources = {
    get: (id: string) => Effect.succeed(id === ID ? only : undefined),
    list: Effect.succeed([{ id: ID }]),
  }
  return yield* resolve(sources, ID, catalogue, kinds).pipe(
    Effect.catchTag("Invalid", (wrong) => Effect.fail(asAsked(wrong))),
  )
})

const sessionOf = (wanted: string | undefined) =>
  wanted === undefined || wanted === "new" || wanted === "continue" ? wanted : Session.ofId(wanted)

const document = ({ agent, fallback = [], fork, model, permission, session }: Wish) => {
  const agents = [...new Set([agent, ...fallback])]
  const step = (name: string) => ({
    type: "agent",
    agent: name,
    prompt: "{{ run.prompt }}",
    ...(permission === undefined ? {} : { permission }),
    ...(name === agent ? { model, session: sessionOf(session), fork } : {}),
  })
  const candidates = Object.fromEntries(agents.map((name) => [name, step(name)]))
  if (agents.length === 1) return { run: agents, step: candidates }
  // An agent may be called like the step around them all.
  const all = ["work", "work-1", "work-2"].find((id) => !agents.includes(id)) ?? "all-work"
  return { run: [all], step: { [all]: { type: "fallback", try: agents }, ...candidates } }
}

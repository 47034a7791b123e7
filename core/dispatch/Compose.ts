/** What an agent is asked, in full: the call of a step with what the hub adds to it. */
import { Effect } from "effect"
import type { AgentRequest, Launch } from "../plugin/Agent.ts"
import type { AgentHandle } from "../plugin/Catalogue.ts"
import type { AgentCall } from "../plugin/Step.ts"
import { Home } from "../services/Home.ts"
import * as HubTools from "./HubTools.ts"
import type { Numbered } from "./Start.ts"
import { Store } from "./Store.ts"

export const make = Effect.gen(function* () {
  const store = yield* Store
  const home = yield* Home
  const self = yield* HubTools.Self

  const sessionOf = Effect.fnUntraced(function* ({ agent, session }: AgentCall) {
    if (session === undefined) return {}
    const usage = yield* Effect.orDie(store.usageOfSession(agent, session.id))
    return { session: usage === undefined ? session : { ...session, usage } }
  })

  return Effect.fnUntraced(function* (at: Numbered, handle: AgentHandle, call: AgentCall) {
    const { attempt, cwd, dir, run_id } = at
    return {
      ...call,
      ...(yield* sessionOf(call)),
      ...(handle.supports.hub_tools === true ? { mcp: HubTools.server(self, home.path, run_id) } : {}),
      run_id,
      attempt,
      cwd,
      dir,
      prompt_file: `${dir}/prompt`,
    } satisfies AgentRequest
  })
})

/** Whether a file is to be handed to the program. */
export const mentions = (launch: Launch, file: string): boolean =>
  launch.args.some((argument) => argument.includes(file)) ||
  (launch.stdin !== undefined && "file" in launch.stdin && launch.stdin.file === file) ||
  Object.values(launch.env ?? {}).some((value) => value?.includes(file) === true) ||
  Object.values(launch.files ?? {}).some((text) => text.includes(file))

/** The hub of this home, as the commands reach it, and what it says of itself. */
import { Duration, Effect, type Scope } from "effect"
import type { OperationFailed } from "../../../plugin/Operation.ts"
import type { Holder } from "../../../services/Home.ts"
import type { Context } from "../../cli/Command.ts"
import { decodeWith } from "../../cli/Follow.ts"
import type { Door, HubUnreachable } from "../../Door.ts"
import { Status } from "../Status.ts"
import type { ServeFlags } from "./Flags.ts"

export interface Daemon {
  /** Of this program. */
  readonly version: string
  /** Who has the home, answering or not. */
  readonly holder: Effect.Effect<Holder | "unnamed" | undefined, HubUnreachable>
  /** To the hub at work. Starts none. */
  readonly door: Effect.Effect<Door, HubUnreachable, Scope.Scope>
  /**
   * Starts one in the background, with these arguments after `hub serve`; returns when it answers. `instead` ends the one
   * at work first: whoever waits for the next hub does not start another in between.
   */
  readonly start: (
    args: ReadonlyArray<string>,
    instead?: Effect.Effect<void, OperationFailed | HubUnreachable>,
  ) => Effect.Effect<void, OperationFailed | HubUnreachable>
  /** Is the hub, in this process: until it ends by itself. Tells where it listens. */
  readonly serve: (flags: ServeFlags, context: Context) => Effect.Effect<void, HubUnreachable, Scope.Scope>
}

export const statusBy = Effect.fnUntraced(function* (daemon: Daemon, { caller }: Context) {
  const door = yield* daemon.door
  const { output } = yield* door.call("hub_status", {}, caller)
  const status = yield* decodeWith(Status, output)
  return { ...status, clients: status.clients.filter(({ pid }) => pid !== process.pid) }
})

/** A hub that does not answer, or answers in the words of another version, has no status. */
export const statusIfAny = (
  daemon: Daemon,
  context: Context,
  within: Duration.Duration = Duration.seconds(5),
) => Effect.option(Effect.timeout(Effect.scoped(statusBy(daemon, context)), within))

/** Words for what a hub of another version needs. */
export const otherVersion = (theirs: string, ours: string): string | undefined =>
  theirs === ours
    ? undefined
    : `The hub at work is version ${theirs}, this program ${ours}. \`hub restart\` changes over; its runs go on.`

export const named = (holder: Holder | "unnamed"): string =>
  holder === "unnamed" ? "A hub" : `hub ${holder.version}, pid ${holder.pid} (${holder.command})`

/** What `hub doctor` says of the hub at work, or of there being none. */
import { Effect, Option } from "effect"
import type { Finding } from "../../plugin/Plugin.ts"
import type { Context } from "../cli/Command.ts"
import { type Daemon, named, otherVersion, statusIfAny } from "./daemon/Reach.ts"
import type { Http, Status } from "./Status.ts"

export const daemonFindings =
  (daemon: Daemon) =>
  (context: Context): Effect.Effect<ReadonlyArray<Finding>> =>
    statusIfAny(daemon, context).pipe(
      Effect.flatMap((status) =>
        Option.isSome(status) ? Effect.succeed(ofStatus(status.value, daemon)) : silence(daemon),
      ),
      Effect.catch(({ message }) => Effect.succeed([{ level: "error", text: message }] as const)),
    )

const silence = (daemon: Daemon) =>
  Effect.map(daemon.holder, (holder): ReadonlyArray<Finding> => {
    if (holder === undefined)
      return [{ level: "ok", text: "no hub is at work: the first command that needs one starts it" }]
    const text = `${named(holder)} has this home, and does not answer`
    const advice = "It starts, or ends, or hangs. If it stays so: hub stop --kill"
    return [{ level: "warning", text, advice }]
  })

const ofStatus = (status: Status, { version }: Daemon): ReadonlyArray<Finding> => {
  const advice = otherVersion(status.version, version)
  const text = `hub ${status.version}, pid ${status.pid}, is at work and answers`
  const atWork: Finding = advice === undefined ? { level: "ok", text } : { level: "warning", text, advice }
  return [atWork, ...(status.http === undefined ? [] : [ofHttp(status.http)])]
}

const ofHttp = ({ access, problem, url }: Http): Finding => {
  if (problem !== undefined)
    return {
      level: "error",
      text: problem,
      advice: "Correct [serve] in plugins.toml: the hub reads it again by itself.",
    }
  if (access === "tokens") return { level: "ok", text: `HTTP at ${url}, for whoever has a token` }
  return {
    level: "warning",
    text: `HTTP at ${url} is open: every program on this machine may do everything`,
    advice: "Make a token with `hub token create`, and leave open out of [serve] and of the command line.",
  }
}

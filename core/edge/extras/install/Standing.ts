/** Where the hub is registered on this machine, and whether that still leads to it. */
import { existsSync } from "node:fs"
import { isAbsolute } from "node:path"
import { Effect } from "effect"
import * as RealPath from "../../../host/RealPath.ts"
import { type Client, clients, type Machine } from "./Clients.ts"
import * as Config from "./Config.ts"
import { envOf, type Hub, isHub, wordsOf } from "./Entry.ts"
import * as Swap from "./Swap.ts"
import { placeOf, type Scope, signOf } from "./Target.ts"

/**
 * `here`: leads to this hub. `other`: to another one, or to another home. `stale`: to a program that is not there.
 * `foreign`: another server has the name. `unreadable`: `detail` says why.
 */
export type State = "none" | "here" | "other" | "stale" | "foreign" | "unreadable"

export interface Standing {
  readonly client: string
  readonly title: string
  /** By what the client is known to be there. */
  readonly installed: string | undefined
  readonly scope: Scope
  readonly file: string
  readonly state: State
  /** The hub that is started, or what is wrong. */
  readonly detail?: string | undefined
}

interface Where {
  readonly machine: Machine
  readonly cwd: string
  readonly hub: Hub
}

/** A line for each client, and one more for each file of this folder's that names the hub. */
export const all = (where: Where): Effect.Effect<ReadonlyArray<Standing>> =>
  Effect.map(
    Effect.forEach(
      clients.flatMap((client) => (["user", "project"] as const).map((scope) => ({ client, scope }))),
      ({ client, scope }) => one(client, scope, where),
    ),
    (found) =>
      found
        .filter((standing) => standing !== undefined)
        .filter(({ scope, state }) => scope === "user" || state !== "none"),
  )

const one = Effect.fnUntraced(function* (client: Client, scope: Scope, { cwd, hub, machine }: Where) {
  const place = placeOf(client, scope, machine, cwd)
  if (place === undefined) return undefined
  const read = Effect.flatMap(Swap.look(place), ({ bytes }) =>
    bytes === undefined
      ? Effect.succeed(undefined)
      : Config.entryOf(client, { file: place.file, text: bytes.toString("utf8") }),
  )
  const judged = yield* Effect.match(read, {
    onSuccess: (entry) => judge(entry, hub),
    onFailure: ({ message }) => ({ state: "unreadable" as const, detail: message.split("\n")[0] }),
  })
  return {
    client: client.name,
    title: client.title,
    installed: signOf(client, machine),
    scope,
    file: place.file,
    ...judged,
  } satisfies Standing
})

const judge = (entry: unknown, hub: Hub): { readonly state: State; readonly detail?: string } => {
  if (entry === undefined) return { state: "none" }
  if (!isHub(entry)) return { state: "foreign" }
  const words = wordsOf(entry)
  const [program = ""] = words
  const home = envOf(entry)["HUB_HOME"]
  const detail = `${words.slice(0, words.indexOf("serve")).join(" ")}${home === undefined ? "" : ` (HUB_HOME ${String(home)})`}`
  if (isAbsolute(program) && !existsSync(program)) return { state: "stale", detail }
  const isHere = sameProgram(words, hub.command) && home === hub.env["HUB_HOME"]
  return { state: isHere ? "here" : "other", detail }
}

/** Whichever of its names it is started by. */
const sameProgram = (words: ReadonlyArray<string>, [program, ...args]: Hub["command"]): boolean => {
  const [first = "", ...rest] = words
  const isSame = first === program || (isAbsolute(first) && RealPath.of(first) === RealPath.of(program))
  return isSame && rest.join("\0") === args.join("\0")
}

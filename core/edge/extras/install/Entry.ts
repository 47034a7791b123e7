/** What stands in a client's configuration for the hub, and how it is told from other servers. */
import { isObject } from "../../JsonSchema.ts"

export type Entry = Readonly<Record<string, unknown>>

/** How this hub is started by a client. */
export interface Hub {
  /** Program, absolute, and its arguments. */
  readonly command: readonly [program: string, ...args: ReadonlyArray<string>]
  /** HUB_HOME, where it is not the usual one. */
  readonly env: Readonly<Record<string, string>>
}

/** A setting by which a client asks nobody before it calls a tool. */
export interface Trust {
  readonly key: string
  readonly value: unknown
  /** Set when nobody says anything. */
  readonly usual: boolean
}

/** The shape that most clients read. */
export const stdio = ({ command: [command, ...args], env }: Hub): Entry => ({ command, args, env })

/** Starts a hub, whichever one that is. */
export const isHub = (entry: unknown): entry is Entry => {
  const words = wordsOf(entry)
  return words.includes("serve") && words.includes("--stdio")
}

/** Program and arguments, as far as they are there. */
export const wordsOf = (entry: unknown): ReadonlyArray<string> => {
  if (!isObject(entry)) return []
  const words = [entry["command"], entry["args"]].flat()
  return words.filter((word) => typeof word === "string")
}

export const envOf = (entry: Entry): Readonly<Record<string, unknown>> =>
  [entry["env"], entry["environment"]].find(isObject) ?? {}

/** Says how the hub is reached. All else in an entry is a wish, and the person's own goes before ours. */
const address = ["command", "args", "type", "source"]

interface Wanted {
  readonly entry: Entry
  readonly trust: Trust | undefined
  /** Undefined: nobody said. */
  readonly trusted: boolean | undefined
}

/** The entry to write in the place of `old`. */
export const merged = (old: Entry | undefined, { entry, trust, trusted }: Wanted): Entry => {
  const next: Record<string, unknown> = { ...old }
  for (const [key, value] of Object.entries(entry)) {
    if (key === "env" || key === "environment") setEnv(next, key, value as Readonly<Record<string, string>>)
    else if (address.includes(key) || !Object.hasOwn(next, key)) next[key] = value
  }
  const isTrusted = trusted ?? (old === undefined ? trust?.usual : undefined)
  if (trust === undefined || isTrusted === undefined) return next
  if (isTrusted) next[trust.key] = trust.value
  else delete next[trust.key]
  return next
}

const setEnv = (
  next: Record<string, unknown>,
  key: string,
  wanted: Readonly<Record<string, string>>,
): void => {
  const { HUB_HOME: _, ...rest } = isObject(next[key]) ? next[key] : {}
  const env = { ...rest, ...wanted }
  if (Object.keys(env).length > 0) next[key] = env
  else delete next[key]
}

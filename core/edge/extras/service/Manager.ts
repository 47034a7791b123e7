/** Who keeps a program running for a user: what it reads, and how it is told. Each platform has one. */
import { OperationFailed } from "../../../plugin/Operation.ts"

/** The hub as it is to be started, and for whom. */
export interface Wanted {
  /** Program, absolute, and first arguments that start this hub. */
  readonly self: ReadonlyArray<string>
  /** What it finds its agents by: a manager's own PATH knows little of what a user has installed. */
  readonly path: string
  /** HUB_HOME, when it is not the one that a hub finds by itself. */
  readonly home: string | undefined
}

export interface User {
  /** Undefined where users have names only. */
  readonly uid: number | undefined
  readonly name: string
  /** Absolute. */
  readonly home: string
}

export interface Step {
  readonly argv: ReadonlyArray<string>
  /** It may have nothing to do: then it fails, and that is well. */
  readonly may_fail?: boolean
}

export interface Manager {
  /** As a person calls it. */
  readonly name: string
  /** Where the manager's file stands. */
  readonly file: string
  readonly text: string
  readonly encoding: "utf8" | "utf16le"
  /** Succeeds when the manager can be spoken to at all. */
  readonly probe: ReadonlyArray<string> | undefined
  /** What to do when it cannot. */
  readonly advice: string
  /** After the file is written. `isNew`: it says something else than what runs now. */
  readonly enable: (isNew: boolean) => ReadonlyArray<Step>
  /** Before the file is removed. */
  readonly disable: ReadonlyArray<Step>
  /** After the file is removed. */
  readonly forget: ReadonlyArray<Step>
  /** Succeeds when the hub is kept running now. */
  readonly active: ReadonlyArray<string>
  /** What a person needs to know, once it is installed. */
  readonly notes: ReadonlyArray<string>
}

/** In each file: one that lacks it is somebody else's. */
export const mark = "Made by `hub service install`"

export const refused = (what: string, value: string): OperationFailed =>
  new OperationFailed({ code: "invalid", message: `${what}: ${JSON.stringify(value)}` })

/** Control characters are refused: no manager's file carries them all, and a line end comes back as another one. */
export const plain = (value: string): string => {
  if (/[\p{Cc}\uFFFE\uFFFF]/u.test(value) || !value.isWellFormed())
    throw refused("a path with such characters cannot be written into a service's file", value)
  return value
}

/** Other processes: is it still the same one, which carry a mark, and how to end them. */
import * as fs from "node:fs"
import { Effect } from "effect"
import type { Claim } from "./Spool.ts"

const linux = process.platform === "linux"

/** Still the process that wrote the claim: a number alone is given to another one later. Zombies are dead. */
export const alive = (claim: Claim): boolean => (linux ? aliveByProc(claim) : aliveByPs(claim))

const boot = linux ? read("/proc/sys/kernel/random/boot_id")?.trim() : undefined

const aliveByProc = (claim: Claim): boolean => {
  const fields = statOf(claim.pid)
  return fields !== undefined && !dead(fields) && fields[19] === claim.born && claim.boot === boot
}

const aliveByPs = (claim: Claim): boolean => {
  const { stdout } = Bun.spawnSync(["ps", "-o", "state=,lstart=", "-p", String(claim.pid)])
  const [state = "", ...born] = stdout.toString().trim().split(/\s+/)
  return state !== "" && !state.startsWith("Z") && born.join(" ") === claim.born.split(/\s+/).join(" ")
}

/** The process as it was when found; of another one with that number `same` says no. */
export interface Found {
  readonly pid: number
  readonly born: string
  /** Its process group. */
  readonly group: number
  readonly parent: number
}

/** Live processes whose environment has `NAME=value`, but never the hub itself. Linux; empty elsewhere. */
export const marked = (name: Mark, value: string): Effect.Effect<ReadonlyArray<Found>> =>
  linux ? Effect.promise(() => asked(`${name}=${value}`)) : Effect.succeed([])

export type Mark = "HUB_RUN" | "HUB_ATTEMPT"
const marks: ReadonlyArray<Mark> = ["HUB_RUN", "HUB_ATTEMPT"]

type Wanted = Map<string, Array<Found>>

/** The look that has not begun yet, with what it is to find. */
let next: { readonly wanted: Wanted; readonly done: Promise<Wanted> } | undefined
let last: Promise<unknown> = Promise.resolve()

/** One look at all processes serves everyone who asked before it began: a hundred runs that end at once need a few. */
const asked = async (entry: string): Promise<ReadonlyArray<Found>> => {
  next ??= planned(new Map())
  next.wanted.set(entry, [])
  return (await next.done).get(entry) ?? []
}

const planned = (wanted: Wanted) => {
  const done = last.then(async () => {
    await rested()
    next = undefined
    const began = performance.now()
    look(wanted)
    const ended = performance.now()
    owed = { until: Math.max(began, owed.until) + 3 * (ended - began) }
    return wanted
  })
  last = done
  return { wanted, done }
}

/** When the time that looks have taken is a third of all again. */
let owed = { until: 0 }

/** How far looks may run ahead of that: the few of one end follow each other at once. */
const ahead_ms = 30

/** Looking takes a third of the time at most: where many processes run and many attempts end, more of them share a look. */
const rested = (): Promise<void> => {
  const left = owed.until - performance.now() - ahead_ms
  return new Promise((resolve) => (left > 1 ? setTimeout(resolve, left) : setImmediate(resolve)))
}

const look = (wanted: Wanted): void => {
  for (const entry of fs.readdirSync("/proc")) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue
    const environ = environOf(Number(entry))
    if (environ === undefined || environ.length === 0) continue
    for (const mark of marksIn(environ)) wanted.get(mark)?.push(...foundAt(Number(entry)))
  }
}

/** What these processes have started, and what that has started, as far as each one's parent lives. Linux; empty elsewhere. */
export const descendants = (roots: ReadonlyArray<number>): ReadonlyArray<Found> => {
  if (!linux || roots.length === 0) return []
  const all = fs.readdirSync("/proc").flatMap(born)
  const children = Map.groupBy(all.filter(isNoHub), ({ parent }) => parent)
  const below: Array<Found> = []
  for (let above = [...roots]; above.length > 0;) {
    const next = above.flatMap((pid) => children.get(pid) ?? [])
    below.push(...next)
    above = next.map(({ pid }) => pid)
  }
  return below
}

/** A hub that was started from inside an attempt works for others as well: it, and what it has started, is no part of that. */
const isNoHub = ({ group, pid }: Found): boolean =>
  pid !== process.pid && !(group === pid && executable(pid) === executable(process.pid))

const executable = (pid: number): string | undefined => {
  try {
    return fs.readlinkSync(`/proc/${pid}/exe`)
  } catch {
    return undefined
  }
}

/** Lists of none or one. */
const born = (entry: string): ReadonlyArray<Found> => (/^\d+$/.test(entry) ? foundAt(Number(entry)) : [])

const foundAt = (pid: number): ReadonlyArray<Found> => {
  const fields = statOf(pid)
  if (fields === undefined || dead(fields)) return []
  return [{ pid, born: fields[19]!, group: Number(fields[2]), parent: Number(fields[1]) }]
}

/** `HUB_RUN=…` and `HUB_ATTEMPT=…` as they stand in it. */
const marksIn = (environ: Buffer): ReadonlyArray<string> =>
  marks.flatMap((mark) => {
    const found: Array<string> = []
    for (let at = environ.indexOf(`${mark}=`); at >= 0; at = environ.indexOf(`${mark}=`, at + 1)) {
      if (at !== 0 && environ[at - 1] !== 0) continue
      const end = environ.indexOf(0, at)
      found.push(environ.toString("utf8", at, end < 0 ? environ.length : end))
    }
    return found
  })

let space = Buffer.allocUnsafe(256 * 1024)

/** Valid until the next call: hundreds are read in a row, and a buffer for each would cost more than the reading. */
const environOf = (pid: number): Buffer | undefined => {
  try {
    const fd = fs.openSync(`/proc/${pid}/environ`, "r")
    try {
      let length = 0
      for (let read = -1; read !== 0; length += read) {
        if (length === space.length) space = Buffer.concat([space], space.length * 2)
        read = fs.readSync(fd, space, length, space.length - length, length)
      }
      return space.subarray(0, length)
    } finally {
      fs.closeSync(fd)
    }
  } catch {
    return undefined
  }
}

/** Also for a found process that has been given up since: then nothing happens. */
export const signal = (found: Found, name: NodeJS.Signals): void => {
  if (same(found)) send(found.pid, name)
}

/** The group that the found process leads, all at once. */
export const signalGroup = (found: Found, name: NodeJS.Signals): void => {
  if (same(found)) send(-found.pid, name)
}

export const same = ({ pid, born }: Found): boolean => {
  const fields = statOf(pid)
  return fields !== undefined && !dead(fields) && fields[19] === born
}

/** Until one looks again. Not by Effect's clock: the system ends a process in its own time, also where a test's stands still. */
export const pause = (ms: number): Effect.Effect<void> => Effect.promise(() => Bun.sleep(ms))

/** A negative number is a process group. */
export const send = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // Gone in between.
  }
}

const dead = (fields: ReadonlyArray<string>): boolean => fields[0] === "Z" || fields[0] === "X"

/** Fields of /proc/PID/stat from the third on (`state`); the second, the name, may hold anything. */
const statOf = (pid: number): ReadonlyArray<string> | undefined => {
  const text = read(`/proc/${pid}/stat`)
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")
}

function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "latin1")
  } catch {
    return undefined
  }
}

/** What a spool folder tells: who started, how it ended, what it wrote. */
import * as fs from "node:fs"
import * as os from "node:os"
import { Duration } from "effect"
import type { Exit } from "../../services/Supervisor.ts"
import * as Pipe from "./Pipe.ts"

export type Name = "out" | "err"
export const nameOf = (stream: "stdout" | "stderr"): Name => (stream === "stdout" ? "out" : "err")

/** The wrapper as it wrote itself down before it started the program. */
export interface Claim {
  readonly pid: number
  /** Boot id of the machine; `-` where there is none. */
  readonly boot: string
  readonly grace: Duration.Duration
  /** When the process began, in the system's own words: clock ticks since boot on Linux, a date elsewhere. */
  readonly born: string
}

/** `undefined`: never started. `null`: the claim is being written, or its writer died in the middle of it. */
export const claim = (dir: string): Claim | null | undefined => {
  const line = record(`${dir}/claim`)
  if (typeof line !== "string") return line
  const [pid = "", boot = "", grace = "", ...born] = line.split(" ")
  if (!/^[1-9]\d*$/.test(pid)) return null
  return { pid: Number(pid), boot, grace: Duration.seconds(Number(grace) || 0), born: born.join(" ") }
}

/** Somebody took the folder away after `prepare` made it, or does so now. */
export const isRemoved = (dir: string): boolean => !fs.existsSync(`${dir}/out`)

/** How it ended, once that is written down. */
export const exit = (dir: string): Exit | undefined => {
  const written = record(`${dir}/exit`)
  const line = written === null ? link(`${dir}/exit.full`) : written
  if (line === undefined) return undefined
  const [status = "", why] = line.split(" ")
  const code = status === "-" ? null : Number(status)
  return {
    code,
    signal: code === null ? null : signal(code),
    timed_out: why === "timed_out",
    lost: why === "lost",
    ...(written === null ? { disk_full: true } : {}),
    ended_at: fs.statSync(`${dir}/exit`).mtimeMs,
  }
}

/** Says that the program is not wanted any more, for a start that may not hear it yet. */
export const ending = (dir: string): void => {
  try {
    fs.closeSync(fs.openSync(`${dir}/ending`, "a", 0o600))
  } catch {
    // The folder is gone, or the disk is full: then the grace passes.
  }
}

/** Writes down how it ended unless that is known already. */
export const conclude = (dir: string, line: "137 -" | "- lost"): void => {
  try {
    fs.writeFileSync(`${dir}/exit`, `${line}\n`, { flag: "wx", mode: 0o600 })
  } catch {
    // Known already, or the folder is gone: then the next reader comes to the same end. Or the disk is full.
    concludeOnFull(dir, line)
  }
}

const concludeOnFull = (dir: string, line: string): void => {
  try {
    fs.symlinkSync(line, `${dir}/exit.full`)
  } catch {
    // Known already as well.
  }
}

export const stat = (dir: string, name: Name | "claim"): { readonly bytes: number; readonly at: number } => {
  const found = fs.statSync(`${dir}/${name}`, { throwIfNoEntry: false })
  return { bytes: found?.size ?? 0, at: found?.mtimeMs ?? 0 }
}

export const tail = (dir: string, name: Name, max_bytes: number): string => {
  const { bytes } = stat(dir, name)
  const length = Math.min(bytes, Math.max(0, Math.floor(max_bytes)))
  if (length === 0) return ""
  const fd = fs.openSync(`${dir}/${name}`, "r")
  try {
    const buffer = Buffer.alloc(length)
    const read = buffer.subarray(0, fs.readSync(fd, buffer, 0, length, bytes - length))
    return read.subarray(length < bytes ? characterBorder(read) : 0).toString("utf8")
  } finally {
    fs.closeSync(fd)
  }
}

/** The folder and the empty files, before anything is started. */
export const prepare = (dir: string, stdin: string | undefined): void => {
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 })
  for (const name of ["out", "err"]) fs.closeSync(fs.openSync(`${dir}/${name}`, "a", 0o600))
  Pipe.make(`${dir}/alive`)
  if (stdin === undefined) return
  // Renamed into place: of two starts at once, the one that loses must not cut what the other's program reads.
  const part = `${dir}/in.${process.pid}.${crypto.randomUUID()}`
  fs.writeFileSync(part, stdin, { mode: 0o600 })
  fs.renameSync(part, `${dir}/in`)
}

/** One line, complete when its end is there. Files beside ours are small, so a longer one is none of ours. */
const record = (file: string): string | null | undefined => {
  // Asked for each time something happens in the folder: an exception for each is dear.
  if (!fs.existsSync(file)) return undefined
  let text: string
  try {
    text = fs.readFileSync(file, "latin1")
  } catch {
    return undefined
  }
  return text.endsWith("\n") ? text.slice(0, -1) : null
}

const link = (file: string): string | undefined => {
  try {
    return fs.readlinkSync(file)
  } catch {
    return undefined
  }
}

const names = new Map(Object.entries(os.constants.signals).map(([name, number]) => [number, name]))
names.set(os.constants.signals.SIGABRT, "SIGABRT").set(os.constants.signals.SIGIO, "SIGIO")

/** The shell says 128 + n; a program that exits so by itself cannot be told apart. */
const signal = (code: number): string | null => names.get(code - 128) ?? null

/** Bytes to leave out so that the text does not begin inside a character. */
const characterBorder = (bytes: Buffer): number => {
  let at = 0
  while (at < 3 && at < bytes.length && (bytes[at]! & 0xc0) === 0x80) at++
  return at
}

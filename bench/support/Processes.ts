/** What the system knows about processes. Linux. */
import * as fs from "node:fs"

/** Bytes: `VmRSS` is what is resident now, `VmHWM` the most there ever was. */
export const memory = (pid: number, field: "VmRSS" | "VmHWM"): number => {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(
    fs.readFileSync(`/proc/${pid}/status`, "utf8"),
  )
  if (found === null) throw new Error(`/proc/${pid}/status has no ${field}`)
  return Number(found[1]) * 1024
}

/** Bytes of its own, and its part of what it shares with others. */
export const share = (pid: number): number =>
  Number(/^Pss:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]) * 1024

/** Ticks of `USER_HZ`, which is 100 a second on every Linux there is. */
const tick = 10

/** Milliseconds of a core that it has used so far, in steps of ten. */
export const used = (pid: number): number => {
  // The name before the bracket may hold anything.
  const [, fields = ""] = /\) (.*)$/s.exec(fs.readFileSync(`/proc/${pid}/stat`, "utf8")) ?? []
  const [user, system] = fields.split(" ").slice(11, 13)
  return (Number(user) + Number(system)) * tick
}

/** Open files, sockets and the like. */
export const handles = (pid: number): number => fs.readdirSync(`/proc/${pid}/fd`).length

export const children = (pid: number): number =>
  fs
    .readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => fs.readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" "))
    .filter((child) => child !== "").length

/** Ends the attempts that a hub of this home left behind, which is every process that carries the mark of one. */
export const endAllOf = (home: string): void => {
  for (const pid of fs.readdirSync("/proc")) {
    if (!/^\d+$/.test(pid) || !carries(pid, `HUB_ATTEMPT=${home}/`)) continue
    try {
      process.kill(Number(pid), "SIGKILL")
    } catch {
      // Gone in between.
    }
  }
}

const carries = (pid: string, mark: string): boolean => {
  try {
    return fs
      .readFileSync(`/proc/${pid}/environ`, "latin1")
      .split("\0")
      .some((entry) => entry.startsWith(mark))
  } catch {
    return false
  }
}

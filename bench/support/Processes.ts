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

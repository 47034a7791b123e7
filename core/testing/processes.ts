/** What a run has left on this machine. */
import * as fs from "node:fs"

/** Live processes whose environment names one of these runs. Linux only: elsewhere nothing is looked for. */
export const processesOf = (runs: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (process.platform !== "linux") return []
  const marks = runs.map((run) => `HUB_RUN=${run}\0`)
  return fs
    .readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        const text = fs.readFileSync(`/proc/${pid}/environ`, "latin1")
        const state = fs.readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.[0]
        return state !== "Z" && marks.some((mark) => `${text}\0`.includes(mark))
      } catch {
        return false
      }
    })
}

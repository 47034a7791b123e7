/** What a run has left on this machine, and whether a process lives. */
import * as fs from "node:fs"

/** Live processes whose environment names one of these runs. Linux only: elsewhere nothing is looked for. */
export const processesOf = (runs: ReadonlyArray<string>): ReadonlyArray<string> =>
  processesWith(runs.map((run) => `HUB_RUN=${run}`))

/** Live processes with one of these entries in their environment: `NAME=value`. Linux only. */
export const processesWith = (entries: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (process.platform !== "linux") return []
  const marks = entries.map((entry) => `${entry}\0`)
  return fs
    .readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        const text = fs.readFileSync(`/proc/${pid}/environ`, "latin1")
        const state = fs.readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.[0]
        return state !== "Z" && marks.some((mark) => `\0${text}\0`.includes(`\0${mark}`))
      } catch {
        return false
      }
    })
}

/** Not for one that has ended and is not counted out yet, nor for one that is just ending in the kernel, where the system tells that. */
export const isAlive = (pid: number | string): boolean => {
  if (!/^[1-9]\d*$/.test(String(pid))) throw new Error(`${JSON.stringify(pid)} is no number of a process`)
  try {
    if (process.platform !== "linux") return process.kill(Number(pid), 0)
    const text = fs.readFileSync(`/proc/${pid}/stat`, "latin1")
    const [state, , , , , , flags] = text.slice(text.lastIndexOf(")") + 2).split(" ")
    return state !== "Z" && state !== "X" && (Number(flags) & exiting) === 0
  } catch {
    return false
  }
}

/** `PF_EXITING`: it has nothing more to do, and gives up its memory, and with that the mark by which it is found. */
const exiting = 4

/** Which file of a client is meant, and whether the client is there at all. */
import { existsSync } from "node:fs"
import { dirname, isAbsolute, join } from "node:path"
import { OperationFailed } from "../../../plugin/Operation.ts"
import { didYouMean } from "../../../toml/Toml.ts"
import { type Client, clients, type Machine } from "./Clients.ts"
import type { Place } from "./Swap.ts"

export type Scope = "user" | "project"

/** Undefined where the client has no files of that scope. */
export const placeOf = (client: Client, scope: Scope, machine: Machine, cwd: string): Place | undefined => {
  const files = scope === "user" ? client.user(machine) : client.project.map((name) => join(cwd, name))
  const file = files.find((one) => existsSync(one)) ?? files.at(-1)
  if (file === undefined) return undefined
  return scope === "user" ? { file, mode: 0o600 } : { file, mode: 0o644, within: cwd }
}

const versioned = [".git", ".hg", ".jj", ".svn"]

/** Why this folder is none whose files are written for a project; `force` takes any but the user's own. */
export const noProject = (
  client: Client,
  machine: Machine,
  cwd: string,
  force: boolean,
): OperationFailed | undefined => {
  if (cwd === machine.home || dirname(cwd) === cwd)
    return new OperationFailed({
      code: "invalid",
      message: `${cwd} is ${cwd === machine.home ? "your home" : "the root of the disk"} and no project: hub install ${client.name} --scope user`,
    })
  const hasOwn = client.project.some((name) => existsSync(join(cwd, name)))
  if (force || hasOwn || isVersioned(cwd, machine.home)) return undefined
  return new OperationFailed({
    code: "invalid",
    message: `${cwd} is no project: neither it nor a folder above has ${versioned.join(", ")}. Go to the project's folder, or take this one all the same: --force`,
  })
}

/** Versions of a home's own files are about no project below it. */
const isVersioned = (folder: string, home: string): boolean => {
  if (folder === home) return false
  if (versioned.some((name) => existsSync(join(folder, name)))) return true
  const above = dirname(folder)
  return above !== folder && isVersioned(above, home)
}

/** Folders above a file that are not there, outermost first. */
export const missingAbove = (file: string): ReadonlyArray<string> => {
  const above = dirname(file)
  return above === file || existsSync(above) ? [] : [...missingAbove(above), above]
}

/** By what the client is known to be there: its program, its folder or its file. Nothing is started for it. */
export const signOf = (client: Client, machine: Machine): string | undefined => {
  // What stands in the current folder says nothing.
  const PATH = (machine.env["PATH"] ?? "")
    .split(separator(machine))
    .filter(isAbsolute)
    .join(separator(machine))
  const program = client.programs.map((name) => Bun.which(name, { PATH })).find((found) => found !== null)
  return program ?? [...client.folders(machine), ...client.user(machine)].find((one) => existsSync(one))
}

const separator = ({ platform }: Machine): string => (platform === "win32" ? ";" : ":")

export const clientOf = (name: string): Client | OperationFailed => {
  const found = clients.find((client) => client.name === name)
  const known = clients.map((client) => client.name)
  return (
    found ??
    new OperationFailed({
      code: "not_found",
      message: `No client ${JSON.stringify(name.slice(0, 80))}. ${didYouMean(name, known)}`,
    })
  )
}

export const missing = (client: Client, machine: Machine): OperationFailed => {
  const programs = client.programs.length === 0 ? "" : `${client.programs.join(" or ")} on PATH, or `
  return new OperationFailed({
    code: "not_found",
    message: `${client.title} is not on this machine: it would be known by ${programs}${client.folders(machine).join(" or ")}. To write its file all the same: --force`,
  })
}

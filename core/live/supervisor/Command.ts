/** What a command needs before it can be started: a program, a folder, an environment. Looked at here, so that it can be said plainly. */
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import { type Command, FolderUnusable, ProgramMissing } from "../../services/Processes.ts"

/** Longest single argument on Linux, its end included (MAX_ARG_STRLEN). */
const max_argument_bytes = 128 * 1024

export type Environment = Record<string, string>

const kept_back = new Set(["BUN_OPTIONS", "BUN_BE_BUN", "HUB_TOKEN", "HUB_RUN", "HUB_ATTEMPT"])

/** The hub's environment as a child may see it. A hub started inside an attempt does not hand on that attempt's marks. */
export const environment = (added: Command["env"] = {}): Environment => {
  const all = Object.entries(process.env).filter(
    ([name]) => !kept_back.has(name) && !name.startsWith("HUB_SECRET_"),
  )
  const merged = { ...Object.fromEntries(all), ...added }
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** The argv with the program's path in full, once folder, program and arguments are seen to be usable. */
export const prepare = Effect.fnUntraced(function* (command: Command, env: Environment) {
  yield* folder(command.cwd)
  const program = yield* find(command.program, env["PATH"], command.cwd)
  const faults = [faultOf(program), ...command.args.map(argumentFault), variableFault(env)]
  const fault = faults.find((one) => one !== undefined)
  if (fault !== undefined) return yield* missing(command.program, fault)
  return [program, ...command.args]
})

const missing = (program: string, detail: string) => new ProgramMissing({ program, detail })

const folder = Effect.fnUntraced(function* (cwd: string) {
  const unusable = (detail: string) => new FolderUnusable({ path: cwd, detail })
  if (!path.isAbsolute(cwd)) return yield* unusable("it is not an absolute path")
  if (cwd.includes("\0")) return yield* unusable("it holds a NUL")
  const look = () => {
    if (!fs.statSync(cwd).isDirectory()) throw new Error("it is not a folder")
    fs.accessSync(cwd, fs.constants.X_OK)
  }
  yield* Effect.try({ try: look, catch: (cause) => unusable(sentence(cause)) })
})

/** The program's path. A relative entry of PATH is passed over: nothing is run because of the folder one stands in. */
export const find = Effect.fnUntraced(function* (program: string, search: string | undefined, cwd: string) {
  if (program === "" || program.includes("\0")) return yield* missing(program, "that is no name of a program")
  if (program.includes("/")) {
    const at = path.resolve(cwd, program)
    const fault = executable(at)
    return fault === undefined ? at : yield* missing(program, fault)
  }
  for (const entry of (search ?? "").split(":").filter(path.isAbsolute)) {
    const at = path.join(entry, program)
    if (executable(at) === undefined) return at
  }
  return yield* missing(program, "not found on PATH")
})

const executable = (file: string): string | undefined => {
  try {
    if (!fs.statSync(file).isFile()) return "it is not a file"
    fs.accessSync(file, fs.constants.X_OK)
    return undefined
  } catch (cause) {
    return sentence(cause)
  }
}

/** A script whose interpreter is missing is reported by the system as if the script were. */
const faultOf = (file: string): string | undefined => {
  const interpreter = /^#![ \t]*(\/[^\s\0]+)/.exec(head(file))?.[1]
  if (interpreter === undefined) return undefined
  try {
    fs.closeSync(fs.openSync(interpreter, "r"))
    return undefined
  } catch (cause) {
    return codeOf(cause) === "ENOENT" ? `its interpreter ${interpreter} does not exist` : undefined
  }
}

const head = (file: string): string => {
  const buffer = Buffer.alloc(256)
  try {
    const fd = fs.openSync(file, "r")
    try {
      return buffer.toString("latin1", 0, fs.readSync(fd, buffer, 0, buffer.length, 0))
    } finally {
      fs.closeSync(fd)
    }
  } catch {
    // May be run but not read.
    return ""
  }
}

const argumentFault = (argument: string, index: number): string | undefined => {
  if (argument.includes("\0")) return `argument ${index + 1} holds a NUL`
  const bytes = Buffer.byteLength(argument) + 1
  return bytes > max_argument_bytes ? `argument ${index + 1} has ${bytes} bytes. ${too_long}` : undefined
}

const variableFault = (env: Environment): string | undefined => {
  const name = Object.keys(env).find((one) => one === "" || /[=\0]/.test(one) || env[one]?.includes("\0"))
  return name === undefined
    ? undefined
    : `the variable ${JSON.stringify(name)} of its environment has no usable name, or holds a NUL`
}

const too_long = "The system takes less: hand long text over by stdin or as a file"

/** What the system said when a start failed, for a person. */
export const sentence = (cause: unknown): string => {
  switch (codeOf(cause)) {
    case "ENOENT":
      return "it does not exist"
    case "ENOTDIR":
      return "a part of its path is no folder"
    case "ELOOP":
      return "a link in its path leads back to itself"
    case "EACCES":
      return "permission denied"
    case "E2BIG":
      return `its arguments and environment are too long. ${too_long}`
    case "ENOSPC":
      return "no space left on the device"
    default:
      return cause instanceof Error ? cause.message : String(cause)
  }
}

const codeOf = (cause: unknown): unknown =>
  typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined

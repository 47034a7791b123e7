/** The hub's log: lines of JSON in `$HUB_HOME/logs/hub.log`, without secrets, never on stdout. */
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Formatter, type Layer, Logger } from "effect"
import { Home, type HomeUnusable } from "../services/Home.ts"
import { Secrets } from "../services/Secrets.ts"
import * as Payload from "./Payload.ts"

const max_bytes = 5 * 1024 * 1024
/** The one being written included. */
const max_files = 5
const max_line = 64 * 1024

/** `hub.log` is the newest, `hub.log.4` the oldest. */
const toFile = Effect.gen(function* () {
  const home = yield* Home
  const { redact } = yield* Secrets
  const folder = yield* home.folder(home.logs)
  const write = rotating(path.join(folder, "hub.log"))
  return Logger.map(Logger.formatStructured, (line) =>
    write(`${Payload.fit({ ...line }, redact, max_line).json}\n`),
  )
})

const toStderr = Effect.map(Secrets, ({ redact }) =>
  Logger.map(Logger.formatStructured, ({ annotations, cause, level, message }) => {
    const facts = Object.keys(annotations).length === 0 ? "" : ` ${Formatter.formatJson(annotations)}`
    const text = typeof message === "string" ? message : Formatter.formatJson(message)
    const trace = cause === undefined ? "" : `\n${cause}`
    process.stderr.write(redact(`${level.toLowerCase()}: ${text}${facts}${trace}\n`))
  }),
)

// Each of these replaces the loggers there are: Effect's own one writes to stdout, where only MCP and JSON may go.

export const file: Layer.Layer<never, HomeUnusable, Home | Secrets> = Logger.layer([toFile])

/** Also for a person who watches. */
export const fileAndStderr: Layer.Layer<never, HomeUnusable, Home | Secrets> = Logger.layer([
  toFile,
  toStderr,
])

/** A log that cannot be written is no reason to stop the hub. */
const rotating = (name: string) => {
  let size = sizeOf(name)
  return (line: string): void => {
    try {
      const bytes = Buffer.from(line)
      if (size > 0 && size + bytes.length > max_bytes) {
        rotate(name)
        size = 0
      }
      fs.appendFileSync(name, bytes, { mode: 0o600 })
      size += bytes.length
    } catch {
      size = sizeOf(name)
    }
  }
}

const sizeOf = (name: string): number => fs.statSync(name, { throwIfNoEntry: false })?.size ?? 0

const rotate = (name: string): void => {
  for (let age = max_files - 1; age > 0; age--) {
    const from = age === 1 ? name : `${name}.${age - 1}`
    if (fs.existsSync(from)) fs.renameSync(from, `${name}.${age}`)
  }
}

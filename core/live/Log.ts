/** The hub's log: lines of JSON in `$HUB_HOME/logs/hub.log`, without secrets, never on stdout. */
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Formatter, Layer, Logger, References, String as Str } from "effect"
import { Home, type HomeUnusable } from "../services/Home.ts"
import { type Level, levels } from "../services/Log.ts"
import { Secrets } from "../services/Secrets.ts"
import * as Payload from "./Payload.ts"

const max_bytes = 5 * 1024 * 1024
/** The one being written included. */
const max_files = 5
const max_line = 64 * 1024

type Structured = typeof Logger.formatStructured extends Logger.Logger<unknown, infer Line> ? Line : never

/** `hub.log` is the newest, `hub.log.4` the oldest. */
const toFile = Effect.gen(function* () {
  const home = yield* Home
  const { redact } = yield* Secrets
  const folder = yield* home.folder(home.logs)
  const write = rotating(path.join(folder, "hub.log"))
  return Logger.map(Logger.formatStructured, (line) =>
    write(`${Payload.fit(recordOf(line), redact, max_line).json}\n`),
  )
})

/** As it is read again by `core/edge/extras/Logs.ts`. What was annotated stands beside the message, and never in its place. */
const recordOf = ({ annotations, cause, level, message, timestamp }: Structured) => {
  const { component = "hub", ...facts } = annotations
  const { data, text } = partsOf(message)
  const said = { time: timestamp, level: level.toLowerCase(), component, message: text }
  return {
    ...said,
    ...facts,
    ...said,
    ...(data.length === 0 ? {} : { data: data.length === 1 ? data[0] : data }),
    ...(cause === undefined ? {} : { cause }),
  }
}

/** Texts of a message make one, whatever else was logged with them stays what it is. */
const partsOf = (message: unknown): { readonly text: string; readonly data: ReadonlyArray<unknown> } => {
  const parts: ReadonlyArray<unknown> = Array.isArray(message) ? message : [message]
  const isText = (part: unknown): part is string => typeof part === "string"
  return { text: parts.filter(isText).join(" "), data: parts.filter((part) => !isText(part)) }
}

const toStderr = Effect.map(Secrets, ({ redact }) =>
  Logger.map(Logger.formatStructured, (line) => {
    const {
      cause,
      component,
      data,
      level,
      message,
      time: _,
      ...facts
    } = { data: undefined, ...recordOf(line) }
    const more = { ...facts, ...(data === undefined ? {} : { data }) }
    const told = Object.keys(more).length === 0 ? "" : ` ${Formatter.formatJson(more)}`
    const trace = cause === undefined ? "" : `\n${cause}`
    process.stderr.write(redact(`${level}: ${component}: ${message}${told}${trace}\n`))
  }),
)

// Each of these replaces the loggers there are: Effect's own one writes to stdout, where only MCP and JSON may go.

export const file: Layer.Layer<never, HomeUnusable, Home | Secrets> = Logger.layer([toFile])

/** Also for a person who watches. */
export const fileAndStderr: Layer.Layer<never, HomeUnusable, Home | Secrets> = Logger.layer([
  toFile,
  toStderr,
])

/** What is logged at least: `wish`, as `HUB_LOG` has it; anything that is no level counts as `otherwise`. */
export const atLeast = (wish: string | undefined, otherwise: Level): Layer.Layer<never> => {
  const level = levels.find((one) => one === wish) ?? otherwise
  return Layer.succeed(References.MinimumLogLevel, Str.capitalize(level))
}

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

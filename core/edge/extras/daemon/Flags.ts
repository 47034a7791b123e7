/** How a hub is told to serve: by flags, and by the same again as arguments. */
import { resolve } from "node:path"
import { Duration, Schema } from "effect"
import * as Field from "../../../plugin/Field.ts"
import type { Context } from "../../cli/Command.ts"

const Port = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))

export const serving = {
  http: Field.withDefault(Schema.Boolean, false, "Serve HTTP, whatever [serve] in plugins.toml says."),
  host: Field.optional(Schema.NonEmptyString, "Address for HTTP; serves it."),
  port: Field.optional(Port, "Port for HTTP, 0 for a free one; serves it."),
  open: Field.withDefault(
    Schema.Boolean,
    false,
    "HTTP without tokens, on a loopback address only; serves it.",
  ),
  idle: Field.optional(
    Field.Span,
    "End after this long without clients, open runs and HTTP, as a hub does that a command has started.",
  ),
}
export const Serving = Schema.Struct(serving)
export type ServeFlags = typeof Serving.Type

/** The same arguments again, for `hub serve`. `config` is absolute. */
export const argumentsOf = (
  { host, http, idle, open, port }: ServeFlags,
  config: string | undefined,
): ReadonlyArray<string> => [
  ...(idle === undefined ? [] : ["--idle", `${Duration.toMillis(idle)} millis`]),
  ...(http ? ["--http"] : []),
  ...(host === undefined ? [] : ["--host", host]),
  ...(port === undefined ? [] : ["--port", String(port)]),
  ...(open ? ["--open"] : []),
  ...(config === undefined ? [] : ["--config", config]),
]

/** `--config`, absolute. */
export const configOf = ({ cwd, globals }: Context): string | undefined =>
  globals.config === undefined ? undefined : resolve(cwd, globals.config)

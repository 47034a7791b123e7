/** What plugins.toml says of the hub itself: `[serve]`. */
import { Schema } from "effect"
import * as Field from "../plugin/Field.ts"

const Name = Schema.NonEmptyString.check(Schema.isMaxLength(255))

/** The doors of the hub. */
export const Serve = Schema.Struct({
  http: Field.withDefault(Schema.Boolean, false, "Serve MCP, operations and event streams over HTTP."),
  host: Field.withDefault(
    Name,
    "127.0.0.1",
    "Address to bind to. Any but a loopback address needs a token to exist first.",
  ),
  port: Field.withDefault(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 })),
    3180,
    "Port to bind to; 0 takes a free one.",
  ),
  open: Field.withDefault(
    Schema.Boolean,
    false,
    "Ask nobody for a token. Whoever reaches the port may do everything; only on a loopback address.",
  ),
  allowed_hosts: Field.withDefault(
    Schema.Array(Name),
    [],
    "Names besides the loopback ones under which a request may address the hub (its `Host` header, without the port).",
  ),
  allowed_origins: Field.withDefault(
    Schema.Array(Name),
    [],
    "Origins besides the loopback ones whose web pages may call the hub: `https://app.example.org`.",
  ),
  calls_per_minute: Field.withDefault(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })),
    6_000,
    "Requests that one token may make in a minute; in open mode, one address.",
  ),
})
export type Serve = typeof Serve.Type

/** What a plugins.toml without `[serve]` means. */
export const serve: Serve = Schema.decodeSync(Serve)({})

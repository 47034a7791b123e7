/**
 * Which requests are looked at at all, by their `Host` and `Origin`.
 *
 * A web page that somebody reads may send requests to a loopback address, and a name that its owner points there after the page
 * was loaded (DNS rebinding) makes it the same origin. What such a page cannot do is choose these two headers.
 */
import { isIPv4 } from "node:net"
import type { Serve } from "../../host/Settings.ts"
import * as Reply from "./Reply.ts"

/** `127.0.0.0/8`, `::1`, and the name that browsers themselves resolve. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || (isIPv4(host) && host.startsWith("127."))

export interface Guard {
  /** The answer to a request that must not be looked at. */
  readonly refuse: (headers: Headers) => Response | undefined
  /** For a page whose origin may call. */
  readonly allow: (headers: Headers) => Readonly<Record<string, string>>
}

const shared = "Authorization, Content-Type, Accept, Idempotency-Key, Last-Event-ID"
const ofMcp = "MCP-Protocol-Version, MCP-Session-Id, MCP-Method, MCP-Name"

/** What a browser wants to know before it lets a page send more than a form could. */
export const preflight: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
  "access-control-allow-headers": `${shared}, ${ofMcp}`,
  "access-control-max-age": "600",
}

export const make = ({ allowed_hosts, allowed_origins, host }: Serve): Guard => {
  const hosts = new Set([...allowed_hosts.map((name) => name.toLowerCase()), ...literal(host)])
  const origins = new Set(allowed_origins.map((origin) => origin.toLowerCase().replace(/\/$/, "")))
  const isHost = (name: string | undefined) => name !== undefined && (isLoopback(name) || hosts.has(name))
  const isOrigin = (origin: string) => isLoopback(hostOf(origin) ?? "") || origins.has(origin.toLowerCase())
  return {
    refuse: (headers) => {
      const given = headers.get("host") ?? ""
      if (!isHost(nameOf(given))) return refusal("Host", given, "allowed_hosts")
      const origin = headers.get("origin")
      if (origin !== null && !isOrigin(origin)) return refusal("Origin", origin, "allowed_origins")
      return undefined
    },
    allow: (headers) => {
      const origin = headers.get("origin")
      return origin === null ? {} : { "access-control-allow-origin": origin, ...exposed, vary: "Origin" }
    },
  }
}

const exposed = {
  "access-control-expose-headers": "MCP-Session-Id, MCP-Protocol-Version, Retry-After, WWW-Authenticate",
}

/** An address to bind to may be asked for by itself: no foreign page can claim it by a name of its own. */
const literal = (host: string): ReadonlyArray<string> =>
  host === "0.0.0.0" || host === "::" ? [] : [host.includes(":") ? `[${host}]` : host.toLowerCase()]

/** Without the port. Two names, or anything else that is not one, is none. */
const nameOf = (host: string): string | undefined =>
  /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase().replace(/\.$/, "")

const hostOf = (origin: string): string | undefined => {
  const [, host] = /^https?:\/\/(.+)$/i.exec(origin) ?? []
  return host === undefined ? undefined : nameOf(host)
}

const refusal = (header: string, value: string, setting: string): Response =>
  Reply.error(
    403,
    "denied",
    `The hub does not answer to the ${header} ${JSON.stringify(value.slice(0, 100))}. ` +
      `A loopback name will do; others are listed under ${setting} of [serve] in plugins.toml.`,
  )

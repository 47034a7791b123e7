import { expect } from "bun:test"
import { Effect } from "effect"
import { live } from "../../testing/effect.ts"
import { get, ground, raw, serving } from "../fixtures/http.ts"

live(
  "only loopback names and those that are allowed may be a Host or an Origin",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving({
      settings: { allowed_hosts: ["Hub.example.org"], allowed_origins: ["https://app.example.org"] },
    })
    const status = (headers: string) =>
      Effect.promise(() =>
        raw(url, `GET /readyz HTTP/1.1\r\n${headers}\r\n\r\n`, { until: "\r\n\r\n" }),
      ).pipe(Effect.map((text) => text.slice(9, 12)))
    const all = Effect.forEach(
      [
        "Host: localhost:1",
        "Host: 127.0.0.1",
        "Host: [::1]:80",
        "Host: hub.example.org:3180",
        "Host: localhost.",
        "Host: evil.example",
        "Host: localhost.evil.example",
        "Host: 127.evil.example",
        "Host: localhost@evil.example",
        "Host: hub.example.org\r\nHost: evil.example",
        "Host: localhost\r\nOrigin: http://localhost:5173",
        "Host: localhost\r\nOrigin: https://app.example.org",
        "Host: localhost\r\nOrigin: https://evil.example",
        "Host: localhost\r\nOrigin: http://localhost.evil.example",
        "Host: localhost\r\nOrigin: null",
      ],
      (headers) => Effect.map(status(headers), (code) => `${code} ${headers.replace("\r\n", ", ")}`),
    )
    expect(yield* all).toEqual([
      "200 Host: localhost:1",
      "200 Host: 127.0.0.1",
      "200 Host: [::1]:80",
      "200 Host: hub.example.org:3180",
      "200 Host: localhost.",
      "403 Host: evil.example",
      "403 Host: localhost.evil.example",
      "403 Host: 127.evil.example",
      "403 Host: localhost@evil.example",
      "403 Host: hub.example.org, Host: evil.example",
      "200 Host: localhost, Origin: http://localhost:5173",
      "200 Host: localhost, Origin: https://app.example.org",
      "403 Host: localhost, Origin: https://evil.example",
      "403 Host: localhost, Origin: http://localhost.evil.example",
      "403 Host: localhost, Origin: null",
    ])
    const told = yield* Effect.promise(() =>
      raw(url, "GET /mcp HTTP/1.1\r\nHost: evil.example\r\n\r\n", { until: "}" }),
    )
    expect(told).toContain('The hub does not answer to the Host \\"evil.example\\".')
    expect(told).toContain("allowed_hosts of [serve]")
  }),
)

live(
  "a page of an allowed origin is told what it may send, any other nothing",
  ground,
  Effect.gen(function* () {
    const { url } = yield* serving({
      settings: { open: false, allowed_origins: ["https://app.example.org"] },
    })
    const ask = (origin: string) => ({
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    })
    const allowed = yield* get(`${url}/api/dispatch`, ask("https://app.example.org"))
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://app.example.org")
    expect(allowed.headers.get("access-control-allow-headers")).toContain("Authorization")
    expect(allowed.headers.get("vary")).toBe("Origin")
    const other = yield* get(`${url}/api/dispatch`, ask("https://evil.example"))
    expect([other.status, other.headers.get("access-control-allow-origin")]).toEqual([403, null])
    const answer = yield* get(`${url}/readyz`, { headers: { origin: "https://app.example.org" } })
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([
      401,
      "https://app.example.org",
    ])
  }),
)

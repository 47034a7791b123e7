/** Requests as nobody should send them, as bytes: most of them nearly right, so that they get far. */
import * as fc from "fast-check"

const rubbish = fc.string({ unit: "binary-ascii", maxLength: 60 })
const value = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown>

/** Now and then anything at all in the place of what belongs there. */
const mostly = <A, B>(usual: fc.Arbitrary<A>, other: fc.Arbitrary<B>) =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: other })

const method = mostly(
  fc.constantFrom("GET", "POST", "HEAD", "DELETE", "OPTIONS"),
  fc.oneof(rubbish, fc.constantFrom("PUT", "TRACE", "CONNECT", "PRI", "get", "")),
)

const operations = [
  "list_agents",
  "dispatch",
  "check_dispatch",
  "run_events",
  "why",
  "token_list",
  "hub_status",
  "lint_pipeline",
  "nope",
  "__proto__",
  "constructor",
]
const cursor = fc.oneof(
  fc.constantFrom("0", "-1", "1e9", "999999999999999", "9999999999999999", "NaN", "%00", ""),
  fc.integer().map(String),
  rubbish.map(encodeURIComponent),
)

const path = mostly(
  fc.oneof(
    fc.constantFrom(
      "/mcp",
      "/mcp",
      "/mcp/",
      "/livez",
      "/readyz",
      "/openapi.json",
      "/api/events",
      "/x/none/of/it",
      "//",
      "/api/",
      "*",
      "/../../etc/passwd",
      "/%2e%2e/%zz",
    ),
    fc.constantFrom(...operations).map((name) => `/api/${name}`),
    fc
      .tuple(fc.constantFrom("last", "nope", "..%2f..", "%ff"), cursor)
      .map(([run, after]) => `/api/runs/${run}/events?after=${after}`),
    fc.integer({ min: 1, max: 20_000 }).map((length) => `/api/${"a".repeat(length)}`),
  ),
  rubbish,
)

const version = mostly(
  fc.constant("HTTP/1.1"),
  fc.constantFrom("HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "", "HTTP", "http/1.1\r"),
)

/** `Name: value`, as it comes. */
const header = (names: ReadonlyArray<string>, values: fc.Arbitrary<string>) =>
  fc.tuple(fc.constantFrom(...names), values).map(([name, text]) => `${name}: ${text}`)

const types = fc.constantFrom(
  "application/json",
  "application/json;charset=utf-16",
  "text/plain",
  "multipart/form-data; boundary=x",
  "application/jsonx",
  "",
)

const extra = fc.oneof(
  header(["Content-Type"], types),
  header(
    ["Accept"],
    fc.constantFrom("application/json, text/event-stream", "text/event-stream", "*/*", "nope/"),
  ),
  header(["Mcp-Session-Id"], fc.oneof(fc.uuid(), rubbish)),
  header(
    ["Mcp-Protocol-Version"],
    fc.constantFrom("2025-11-25", "2026-07-28", "2024-11-05", "1999-01-01", "latest", ""),
  ),
  header(["Mcp-Method", "Mcp-Name"], fc.constantFrom("tools/call", "list_agents", "initialize", "\u00ff")),
  header(["Last-Event-ID"], cursor),
  header(["Idempotency-Key", "Authorization", "User-Agent", "X-Any"], rubbish),
  header(["Origin"], fc.constantFrom("null", "http://localhost:1", "http://evil.example", "http://")),
  header(
    ["Content-Length"],
    fc.constantFrom("0", "5", "99999", "-1", "1e3", "99999999999999999999", "5, 5", "0x5", ""),
  ),
  header(
    ["Transfer-Encoding"],
    fc.constantFrom("chunked", "chunked, chunked", "gzip, chunked", "identity", "xchunked"),
  ),
  header(
    ["Expect", "Connection", "Upgrade"],
    fc.constantFrom("100-continue", "close", "keep-alive", "websocket", "h2c"),
  ),
  fc.integer({ min: 1, max: 40_000 }).map((length) => `X-Long: ${"h".repeat(length)}`),
  fc.integer({ min: 1, max: 300 }).map((count) => "X-Many: 1\r\n".repeat(count).trimEnd()),
  rubbish,
  fc.constantFrom(": none", "No-Colon", " folded: line", "Na me: x", "N\u0000l: x", "Host: other.example"),
)

const host = mostly(
  fc.constantFrom("Host: 127.0.0.1", "Host: localhost:80"),
  fc.constantFrom("Host: evil.example", "Host:", "Host: a, b", ""),
)

const envelope = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "fuzz", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
}
const rpc = fc.record(
  {
    jsonrpc: mostly(fc.constant("2.0"), value),
    id: mostly(fc.integer(), value),
    method: mostly(
      fc.constantFrom(
        "ping",
        "tools/list",
        "tools/call",
        "resources/read",
        "server/discover",
        "subscriptions/listen",
        "notifications/cancelled",
      ),
      value,
    ),
    params: fc.oneof(
      fc.record(
        {
          name: fc.constantFrom(...operations),
          arguments: value,
          uri: fc.string(),
          _meta: fc.oneof(fc.constant(envelope), value),
        },
        { requiredKeys: [] },
      ),
      value,
    ),
    result: value,
  },
  { requiredKeys: [] },
)

const input = fc.record(
  {
    run_id: value,
    after: value,
    limit: value,
    wait_seconds: value,
    prompt: value,
    pipeline: value,
    text: value,
    names: value,
  },
  { requiredKeys: [] },
)

const deep = fc.integer({ min: 1, max: 50_000 }).map((depth) => "[".repeat(depth))

const body = fc.oneof(
  fc.constant(""),
  rpc.map((one) => JSON.stringify(one)),
  fc.array(rpc, { maxLength: 5 }).map((all) => JSON.stringify(all)),
  input.map((one) => JSON.stringify(one)),
  value.map((one) => JSON.stringify(one)),
  deep,
  deep.map((open) => open + "]".repeat(open.length)),
  rpc.map((one) => JSON.stringify(one).slice(0, -3)),
  rubbish,
)

/** Right, or a length that lies, or pieces whose lengths do. */
const framed = (content: string) => {
  const bytes = Buffer.byteLength(content, "latin1")
  const length = (by: number) => ({ head: `Content-Length: ${bytes + by}`, content })
  const chunked = (...pieces: ReadonlyArray<string>) => ({
    head: "Transfer-Encoding: chunked",
    content: pieces.join("\r\n"),
  })
  const hex = bytes.toString(16)
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant(length(0)) },
    { weight: 3, arbitrary: fc.constant(chunked(hex, content, "0", "", "")) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        length(7),
        length(-1),
        { head: "X-None: 1", content },
        chunked(`${hex};ext=1`, content, "0", "Trailer: x", "", ""),
        chunked("ffffffffffffffff", content, "0", "", ""),
        chunked("zz", content),
        chunked(hex, `${content}more`, "0", "", ""),
        chunked(hex, content),
      ),
    },
  )
}

const whole = fc
  .tuple(method, path, version, host, fc.array(extra, { maxLength: 3 }), body.chain(framed))
  .map(([method, path, version, host, extras, { content, head }]) =>
    [
      `${method} ${path} ${version}`,
      host,
      "Content-Type: application/json",
      ...extras,
      head,
      "",
      content,
    ].join("\r\n"),
  )

/** Its head is as it should be: it comes to whoever answers, and there is more to say of its body. */
const proper = fc
  .tuple(
    fc.oneof(
      fc.constant("/mcp"),
      fc.constantFrom(...operations).map((name) => `/api/${name}`),
    ),
    fc.constantFrom("2025-11-25", "2026-07-28", "1999-01-01"),
    fc.oneof(fc.constant(""), fc.uuid()),
    body,
  )
  .map(([path, version, session, content]) =>
    [
      `POST ${path} HTTP/1.1`,
      "Host: localhost",
      "Content-Type: application/json",
      "Accept: application/json, text/event-stream",
      `Mcp-Protocol-Version: ${version}`,
      ...(session === "" ? [] : [`Mcp-Session-Id: ${session}`]),
      `Content-Length: ${Buffer.byteLength(content, "latin1")}`,
      "",
      content,
    ].join("\r\n"),
  )

const good = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"

const some = fc.oneof(
  { weight: 8, arbitrary: proper },
  { weight: 8, arbitrary: whole },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.oneof(whole, fc.constant(good)), { minLength: 2, maxLength: 4 })
      .map((all) => all.join("")),
  },
  // It stops somewhere.
  {
    weight: 2,
    arbitrary: fc
      .tuple(whole, fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([all, part]) => all.slice(0, all.length * part)),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  },
)

export interface Case {
  /** Each character is a byte. */
  readonly bytes: string
  /** `answer`: stays until there is one, `leave`: is gone at once, `half`: ends its own side and listens on. */
  readonly client: "answer" | "leave" | "half"
}

export const request: fc.Arbitrary<Case> = fc.record({
  bytes: some,
  client: fc.constantFrom("answer", "answer", "answer", "answer", "leave", "half"),
})

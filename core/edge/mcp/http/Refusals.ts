/** What is answered to a request before any server sees it: a JSON-RPC error, and the status that goes with it. */

const refusal = (
  status: number,
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  id: string | number | null = null,
): Response =>
  Response.json(
    { jsonrpc: "2.0", id, error: { code, message } },
    { status, headers: { "cache-control": "no-store", ...headers } },
  )

const invalidRequest = -32_600
const server = -32_000

export const noJson = (): Response => refusal(400, -32_700, "Parse error: the body is no JSON.")

export const noSession = (): Response =>
  refusal(
    400,
    invalidRequest,
    "The header Mcp-Session-Id is missing. Begin with `initialize`; its answer has the id of a session.",
  )

/** The same for a session that is somebody else's. */
export const unknownSession = (): Response =>
  refusal(404, -32_001, "There is no such session, or no longer. Begin a new one with `initialize`.")

export const full = (most: number, whose: string): Response =>
  refusal(
    503,
    server,
    `${whose} ${most} sessions open, and all of them are in use. End one (DELETE), or try again in a minute.`,
    { "retry-after": "60" },
  )

export const tooManyOpen = (most: number): Response =>
  refusal(429, server, `${most} requests of this session are under way. Wait for one of them.`, {
    "retry-after": "1",
  })

export const ending = (): Response =>
  refusal(503, server, "The hub is ending. Ask the next one in a moment.", { "retry-after": "1" })

/** What the HTTP door answers: JSON, and every error in one shape. */
import type { OperationFailed } from "../../plugin/Operation.ts"
import { errorOf } from "../Call.ts"

export const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  Response.json(body, {
    status,
    headers: { "cache-control": "no-store", "x-content-type-options": "nosniff", ...headers },
  })

/** An error that belongs to HTTP and not to an operation. */
export const error = (
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response => json({ error: { code, message } }, status, headers)

/** Not 400: that is a body that is no JSON at all. */
export const statuses: Readonly<Record<OperationFailed["code"], number>> = {
  invalid: 422,
  not_found: 404,
  conflict: 409,
  denied: 403,
  not_yet: 501,
  too_many: 429,
  input_required: 409,
  unavailable: 503,
  internal: 500,
}

export const failed = (failure: OperationFailed): Response => {
  const wait = (failure.details as { readonly retry_after_ms?: unknown } | undefined)?.retry_after_ms
  const later = typeof wait === "number" ? { "retry-after": String(Math.ceil(wait / 1000)) } : {}
  return json({ error: errorOf(failure) }, statuses[failure.code], later)
}

export const tooMany = (message: string, retry_after_ms: number): Response =>
  json({ error: { code: "too_many", message, details: { retry_after_ms } } }, 429, {
    "retry-after": String(Math.ceil(retry_after_ms / 1000)),
  })

export const notAllowed = (method: string, path: string, allowed: ReadonlyArray<string>): Response =>
  error(405, "not_allowed", `${method} is not for ${path}. It takes ${allowed.join(", ")}.`, {
    allow: [...allowed, "OPTIONS"].join(", "),
  })

/** The same refusal for who speaks JSON-RPC. It has no id: what was asked is not read. */
export const asRpc = async (refusal: Response): Promise<Response> => {
  const { error } = (await refusal.json()) as { error: { code: string; message: string; details?: unknown } }
  const { message, ...data } = error
  const body = { jsonrpc: "2.0", id: null, error: { code: -32_000, message, data } }
  return new Response(JSON.stringify(body), { status: refusal.status, headers: refusal.headers })
}

/** Failures of a model's server in the shape of each vendor, as the real ones were seen to be written. */
import type { Parameters } from "./Plan.ts"
import type { Json, Wire } from "./Request.ts"

export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Json
}

interface Facts {
  readonly status: number
  readonly type: string
  readonly message: string
  readonly code?: string | null
  readonly details?: ReadonlyArray<Json>
  readonly headers?: Readonly<Record<string, string>>
}

const statuses: Readonly<Record<string, Facts>> = {
  e400: { status: 400, type: "invalid_request_error", message: "mock: the request is not valid" },
  e401: { status: 401, type: "authentication_error", message: "invalid x-api-key" },
  e403: { status: 403, type: "permission_error", message: "mock: this key may not use this resource" },
  e404: { status: 404, type: "not_found_error", message: "model: mock-model was not found" },
  e429: {
    status: 429,
    type: "rate_limit_error",
    message: "mock: more requests than your per-minute rate limit",
  },
  e500: { status: 500, type: "api_error", message: "mock: Internal server error" },
  e503: { status: 503, type: "api_error", message: "mock: Service unavailable" },
  e529: { status: 529, type: "overloaded_error", message: "Overloaded" },
  quota: { status: 429, type: "rate_limit_error", message: "mock: the quota is used up" },
  context: {
    status: 400,
    type: "invalid_request_error",
    message: "prompt is too long: 210000 tokens > 200000 maximum",
  },
}

const inAnHour = (): string => String(Math.floor(Date.now() / 1000) + 3600)

const anthropic: Readonly<Record<string, () => Partial<Facts>>> = {
  quota: () => ({
    message: "mock: This request would exceed your account's rate limit. Please try again later.",
    headers: {
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": inAnHour(),
      "anthropic-ratelimit-unified-representative-claim": "five_hour",
      "anthropic-ratelimit-unified-fallback": "unavailable",
      "anthropic-ratelimit-unified-5h-status": "rejected",
      "anthropic-ratelimit-unified-5h-utilization": "1.0",
      "anthropic-ratelimit-unified-5h-reset": inAnHour(),
      "anthropic-ratelimit-unified-overage-status": "rejected",
    },
  }),
}

const openai: Readonly<Record<string, (retry: string) => Partial<Facts>>> = {
  e401: () => ({ code: "invalid_api_key", message: "Incorrect API key provided: sk-mock." }),
  e404: () => ({
    code: "model_not_found",
    message: "The model `mock-model` does not exist or you do not have access to it.",
  }),
  e429: (retry) => ({
    type: "requests",
    code: "rate_limit_exceeded",
    message: `Rate limit reached for mock-model on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in ${retry}s.`,
  }),
  quota: () => ({
    type: "insufficient_quota",
    code: "insufficient_quota",
    message: "You exceeded your current quota, please check your plan and billing details.",
  }),
  context: () => ({
    code: "context_length_exceeded",
    message: "Your input exceeds the context window of this model. Please adjust your input and try again.",
  }),
}

const violation = (per: string): Json => ({
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  violations: [
    {
      quotaMetric: "generativelanguage.googleapis.com/generate_content_free_tier_requests",
      quotaId: `GenerateRequestsPer${per}PerProjectPerModel-FreeTier`,
      quotaDimensions: { location: "global", model: "gemini-2.5-flash" },
      quotaValue: "10",
    },
  ],
})

const spent = "You exceeded your current quota, please check your plan and billing details."

const gemini: Readonly<Record<string, (retry: string) => Partial<Facts>>> = {
  e401: () => ({ message: "API key not valid. Please pass a valid API key." }),
  e404: () => ({ message: "models/mock-model is not found for API version v1beta." }),
  e429: (retry) => ({
    message: `${spent}\nPlease retry in ${retry}s.`,
    details: [
      violation("Minute"),
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${retry}s` },
    ],
  }),
  quota: () => ({ message: spent, details: [violation("Day")] }),
  context: () => ({
    message: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
  }),
}

const ofVendor = { anthropic, responses: openai, chat: openai, gemini }

const googles: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
}

const bodyOf = (wire: Wire, { code = null, details = [], message, status, type }: Facts): Json => {
  if (wire === "anthropic") return { type: "error", error: { type, message }, request_id: "req_mock" }
  if (wire === "gemini")
    return { error: { code: status, message, status: googles[status] ?? "UNKNOWN", details } }
  return { error: { message, type, param: null, code } }
}

/** Nothing for a scenario that is no refusal. `@retry=7`: the server asks to wait so many seconds. */
export const refusalOf = (wire: Wire, scenario: string, parameters: Parameters): Refusal | undefined => {
  const known = statuses[scenario]
  if (known === undefined) return undefined
  const { retry } = parameters
  const facts = { ...known, ...ofVendor[wire][scenario]?.(retry ?? "2") }
  const wait = retry === undefined ? {} : { "retry-after": retry }
  return {
    status: facts.status,
    headers: { "content-type": "application/json", "request-id": "req_mock", ...wait, ...facts.headers },
    body: bodyOf(wire, facts),
  }
}

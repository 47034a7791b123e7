/** What an HTTP status of a model's server means, as far as it means one thing. */
import type { FailureClass } from "../Failure.ts"

export const classOfStatus = (status: number | undefined): FailureClass | undefined => {
  switch (status) {
    case 401:
    case 403:
      return "auth"
    case 402:
      return "quota_exhausted"
    case 404:
      return "model_unavailable"
    case 413:
      return "context_too_long"
    case 429:
      return "rate_limited"
    case 503:
    case 529:
      return "overloaded"
    default:
      return status !== undefined && status >= 500 ? "network" : undefined
  }
}

/** Outgoing HTTP for plugins. */
import { Context, type Duration, type Effect, Schema } from "effect"

export interface HttpRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | undefined
  readonly url: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | undefined
  /** 30 seconds unless told. */
  readonly timeout?: Duration.Input | undefined
  /** 10 MB unless told; a longer body fails. */
  readonly max_bytes?: number | undefined
}

export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export class HttpFailed extends Schema.TaggedError<HttpFailed>()("HttpFailed", {
  url: Schema.String,
  reason: Schema.Literals(["timeout", "network", "too_large", "bad_url"]),
  detail: Schema.String,
}) {
  override get message() {
    return `${this.url}: ${this.detail}`
  }
}

export class Http extends Context.Service<
  Http,
  {
    /** Any status is a response; only no response is a failure. Redirects to another origin lose `authorization`. */
    readonly request: (request: HttpRequest) => Effect.Effect<HttpResponse, HttpFailed>
  }
>()("hub/services/Http") {}

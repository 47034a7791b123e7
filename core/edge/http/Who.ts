/** Who asks over HTTP: the bearer of a token, or in open mode whoever reaches the port. */
import { Effect } from "effect"
import type { Serve } from "../../host/Settings.ts"
import type { Caller } from "../../plugin/Operation.ts"
import { OperationFailed } from "../../plugin/Operation.ts"
import type { Tokens } from "../../services/Tokens.ts"
import * as Rate from "./Rate.ts"
import * as Reply from "./Reply.ts"

/** Of the words that say who asks; the door is set by who takes the call. */
export type Who = Pick<Caller, "client" | "scopes" | "token">

/** As the MCP front gets it: `door` is `mcp`, `client` what the user agent says of itself until `initialize` says more. */
export type HttpCaller = Caller

/** An address that shows this many wrong tokens in a minute is not told each time that they are wrong. */
const guessesPerMinute = 30
const longestToken = 500

export interface Door {
  /** Who asks, or the answer to whom is not let in. */
  readonly let: (request: Request, address: string) => Promise<Who | Response>
}

type Verify = Tokens["Service"]["verify"]
type Run = <A, E>(effect: Effect.Effect<A, E>) => Promise<A>

export const make = (settings: Serve, verify: Verify, run: Run): Door => {
  const calls = Rate.make(settings.calls_per_minute)
  const guesses = Rate.make(guessesPerMinute)

  /** `key`: a name of a token, or an address. */
  const limited = (who: Who, key: string): Who | Response => {
    const wait = calls.take(key, performance.now())
    if (wait === 0) return who
    const whose = who.token === undefined ? `address ${key}` : `token ${JSON.stringify(who.token)}`
    return Reply.tooMany(
      `The ${whose} has made its ${settings.calls_per_minute} calls of this minute. Try again later.`,
      wait,
    )
  }

  const stranger = (address: string, isShown: boolean): Response => {
    const wait = guesses.take(address, performance.now())
    if (wait > 0) return Reply.tooMany(`Too many wrong tokens came from ${address}. Try again later.`, wait)
    return isShown ? unknown() : missing()
  }

  return {
    let: async (request, address) => {
      const client = clientOf(request)
      if (settings.open) return limited({ client }, address)
      const text = bearer(request.headers.get("authorization"))
      if (text === undefined) return stranger(address, false)
      const token = await run(Effect.catch(verify(text), () => Effect.succeed(unreadable)))
      if (token === unreadable) return Reply.failed(unreadable)
      if (token === undefined || "code" in token) return stranger(address, true)
      return limited({ client, scopes: token.scopes, token: token.name }, token.name)
    },
  }
}

const clientOf = (request: Request): string => (request.headers.get("user-agent") ?? "http").slice(0, 200)

const bearer = (header: string | null): string | undefined => {
  const [, text] = /^Bearer +([^\s]+) *$/i.exec((header ?? "").slice(0, longestToken)) ?? []
  return text
}

const unreadable = new OperationFailed({
  code: "unavailable",
  message: "The hub cannot read its tokens right now. `hub doctor` tells more.",
})

const missing = (): Response =>
  Reply.error(
    401,
    "unauthorized",
    "A token is needed: `Authorization: Bearer …`. `hub token create NAME` makes one.",
    { "www-authenticate": 'Bearer realm="hub"' },
  )

const unknown = (): Response =>
  Reply.error(
    401,
    "unauthorized",
    "This token is unknown, revoked or expired. `hub token list` shows which there are.",
    { "www-authenticate": 'Bearer realm="hub", error="invalid_token"' },
  )

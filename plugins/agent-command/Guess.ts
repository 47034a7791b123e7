/**
 * What well-known texts most likely mean. Asked after the rules of the config, and marked as a guess.
 *
 * Seen with: claude 2.1.329, codex 0.169.0, gemini 0.61.0, opencode 1.18.33, droid 0.225.2, kimi 2.1.0, auggie 0.36.0
 * (November 2026); the option texts are those of commander, clap, yargs, argparse, click, Go's flag and getopt.
 */
import type { FailureRule } from "./FailureRule.ts"

type Guess = Pick<FailureRule, "class" | "matches" | "exit">

// Not `main.js:429`, which is a line.
const status = (numbers: string): string =>
  `(?:(?:status|code)["']?[:=] ?|(?:status|code|http|error)\\D{0,30}(?<!\\w:)\\b)(?:${numbers})\\b`

/** In this order: "quota exceeded (429)" is a quota, not a burst limit. */
export const guesses: ReadonlyArray<Guess> = [
  {
    class: "adapter_mismatch",
    matches:
      "(?:unknown|unrecogni[sz]ed|unexpected|invalid|illegal|no such) (?:command.line )?(?:option|argument|flag|switch)s?\\b|flag provided but not defined",
  },
  { class: "missing_program", exit: 127, matches: "not found" },
  {
    class: "quota_exhausted",
    matches:
      "quota (?:has been |is )?(?:exceeded|exhausted|used up)|(?:exceeded|exhausted) (?:your |the )?(?:\\w+ ){0,2}quota|insufficient_quota|out of (?:quota|credit)|usage limit|hit your .{0,20}limit|credit balance|insufficient (?:credit|balance|funds)|payment required",
  },
  { class: "rate_limited", matches: `rate.?limit|too many requests|${status("429")}` },
  {
    class: "overloaded",
    matches: `overloaded|service unavailable|high demand|at capacity|${status("503|529")}`,
  },
  {
    class: "model_unavailable",
    matches:
      "(?:unknown|invalid|unsupported|unrecogni[sz]ed) model|model.?not.?found|model (?!metadata).{0,80}(?:not found|does not exist|is not available|not supported|no access)",
  },
  {
    class: "auth",
    matches: `unauthori[sz]ed|not logged in|(?:please|must) (?:run .{0,20})?log ?in\\b|(?:invalid|incorrect|missing|no) api.?key|api.?key (?:is )?(?:not valid|invalid|missing|not set|required)|no auth provided|authentication (?:failed|required|error)|auth_error|missing environment variable: .{0,40}(?:key|token)|permission_denied|${status("401|403")}`,
  },
  {
    class: "context_too_long",
    matches:
      "context (?:length|window).{0,60}(?:exceed|too)|(?:exceeds?|ran out of room in) .{0,30}context|prompt is too long|maximum context|input token count.{0,40}exceeds",
  },
  {
    class: "network",
    matches: `ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|getaddrinfo|fetch failed|network (?:error|is unreachable)|connection (?:refused|reset|failed|timed out|error)|could not resolve host|name resolution|stream disconnected|socket hang up|certificate (?:verify|has expired)|tls handshake|bad gateway|gateway time-?out|internal server error|${status("500|502|504")}`,
  },
  { class: "adapter_mismatch", exit: [2, 64], matches: "^\\s*usage:" },
  { class: "adapter_mismatch", exit: 64 },
]

/** What vendors write about the wait. */
export const wait =
  "(?:retry.?after|(?:try again|retry(?:ing)?) in)[\\s:='\"]*(?:(?<hours>\\d+) ?h\\w*[\\s,]*)?(?:(?<minutes>\\d+) ?m(?:in\\w*)?\\b[\\s,]*)?(?:(?<ms>\\d+) ?ms\\b|(?<seconds>\\d+(?:\\.\\d+)?))?"

/** How long MCP clients wait for an answer before they give up on a call. */

/**
 * Seconds, by the beginning of the name that a client gives itself, in lower case.
 *
 * Source: the clients in their versions of 2026, with a server that never answers. Codex waits 60 s before 0.169 and 300 s
 * from there on; Claude Code waited longer than 320 s; Gemini's ten minutes are what its manual says.
 */
const borne: ReadonlyArray<readonly [name: string, seconds: number]> = [
  ["claude-code", 320],
  ["codex", 60],
  ["gemini-cli", 600],
  ["opencode", 60],
]

/** Of most SDKs. */
const usual = 60

/** For the way there and back, and for a machine that is busy. */
const margin = (seconds: number): number => Math.max(10, Math.ceil(seconds / 10))

/** Seconds that a call of this client may take. */
export const patienceOf = (client: string): number => {
  const name = client.toLowerCase()
  const seconds = borne.find(([beginning]) => name.startsWith(beginning))?.[1] ?? usual
  return seconds - margin(seconds)
}

/** What an agent is put through for a new set of recordings. */
import type { AgentRequest, Supports } from "../../plugin/Agent.ts"

export interface Scene {
  /** Of the model's server; none: nobody listens. */
  readonly scenario: string | undefined
  /** What older sets may call it. The first that there is names the case again. */
  readonly also: ReadonlyArray<string>
  readonly request?: Partial<AgentRequest>
  /** Goes on in the session of a first prompt. */
  readonly resumes?: boolean
  /** More arguments. */
  readonly args?: ReadonlyArray<string>
  /** What the agent must be able to do. */
  readonly needs?: keyof Supports
}

const schema = {
  type: "object",
  properties: { answer: { type: "string" }, n: { type: "integer" } },
  required: ["answer", "n"],
  additionalProperties: false,
} as const

const plain = (scenario: string | undefined, ...also: ReadonlyArray<string>): Scene => ({ scenario, also })

export const scenes: Readonly<Record<string, Scene>> = {
  text: plain("text"),
  shell: {
    scenario: "shell",
    also: ["shell-bypass", "shell-yolo", "shell-skip", "shell-default"],
    request: { permission: "bypass" },
  },
  write: {
    // Some take no file but by its whole path.
    scenario: "write@cwd=CWD",
    also: [
      "write-acceptedits",
      "write-bypass",
      "shell-apply-patch",
      "write-yolo",
      "write-default",
      "write-auto-low",
    ],
    request: { permission: "auto" },
  },
  resume: { scenario: "echo", also: ["resume-2"], resumes: true, needs: "resume" },
  schema: {
    scenario: "json",
    also: ["json-schema", "output-schema"],
    request: { output_schema: schema },
    needs: "output_schema",
  },
  e400: plain("e400"),
  e401: plain("e401"),
  e403: plain("e403"),
  e404: plain("e404"),
  e429: plain("e429"),
  quota: plain("quota", "oauth-quota"),
  context: plain("context"),
  e500: plain("e500"),
  e503: plain("e503"),
  drop: plain("drop"),
  middrop: plain("cut", "middrop"),
  streamerr: plain("broken", "streamerr"),
  refused: plain(undefined, "refused"),
  garbage: plain("garbage"),
  empty: plain("empty"),
  refusal: plain("refusal"),
  "bad-flag": { ...plain("text", "bad-flag", "badflag"), args: ["--no-such-flag"] },
  "bad-resume": {
    ...plain("text", "bad-resume", "bad-session"),
    request: { session: { id: "00000000-0000-4000-8000-000000000000" } },
    needs: "resume",
  },
}

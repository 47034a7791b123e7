import { expect } from "bun:test"
import { Effect } from "effect"
import { catalogue, sourcesOf } from "../testing/catalogue.ts"
import { effect } from "../testing/effect.ts"
import { ID, plan, source, type Wish } from "./Implicit.ts"
import { kinds } from "./kinds/index.ts"
import { resolve } from "./Resolve.ts"
import { tree } from "./Show.ts"

effect(
  "one agent is one step",
  Effect.gen(function* () {
    const one = yield* plan({ agent: "claude", model: "opus", permission: "auto" }, catalogue, kinds)
    expect(tree(one)).toBe("direct\n└─ claude  agent claude, opus")
    expect(one.steps.get("claude")?.config).toMatchObject({ prompt: "{{ run.prompt }}", permission: "auto" })
  }),
)

effect(
  "agents to fall back to are tried in order, each once",
  Effect.gen(function* () {
    const several = yield* plan(
      { agent: "claude", fallback: ["codex", "claude", "opencode"], model: "opus", session: "continue" },
      catalogue,
      kinds,
    )
    expect(tree(several)).toBe(`direct
└─ work  fallback
   ├─ claude  agent claude, opus
   ├─ codex  agent codex
   └─ opencode  agent opencode`)
    expect(several.warnings).toEqual([])
  }),
)

effect(
  "a session is the first agent's, by a word or by its id",
  Effect.gen(function* () {
    const step = (session: string | undefined, fork?: boolean) =>
      Effect.map(
        plan({ agent: "claude", fallback: ["codex"], session, fork }, catalogue, kinds),
        ({ steps }) => [steps.get("claude")?.config, steps.get("codex")?.config],
      )
    expect(yield* step("new")).toMatchObject([{ session: "new" }, {}])
    expect(yield* step("continue")).toMatchObject([{ session: "continue" }, {}])
    const [first, second] = yield* step("s-1", true)
    expect(first).toMatchObject({ session: "id:s-1", fork: true })
    expect(second).not.toContainAnyKeys(["session", "fork"])
  }),
)

effect(
  "its source resolves to the same plan again",
  Effect.gen(function* () {
    const wish = { agent: "claude", fallback: ["codex"] }
    const { id, text } = source(wish)
    const again = yield* resolve(sourcesOf({ [id]: text }), ID, catalogue, kinds)
    expect(tree(again)).toBe(tree(yield* plan(wish, catalogue, kinds)))
  }),
)

effect(
  "an agent that is not there, or cannot do what is asked, is refused",
  Effect.gen(function* () {
    const refused = (wish: Wish) =>
      Effect.map(Effect.flip(plan(wish, catalogue, kinds)), ({ message }) => message)
    expect(yield* refused({ agent: "claud" })).toBe(
      'agent: no agent "claud". Did you mean "claude"? Known: claude, codex, opencode.',
    )
    expect(yield* refused({ agent: "opencode", session: "continue" })).toBe(
      'session: agent "opencode" cannot go on with a session',
    )
    const both = yield* refused({ agent: "claude", fallback: ["codx", "gemini"] })
    expect(both.split("\n")).toEqual([
      'agent: no agent "codx". Did you mean "codex"? Known: claude, codex, opencode.',
      'agent: no agent "gemini". Known: claude, codex, opencode.',
    ])
  }),
)

import { expect } from "bun:test"
import { Effect } from "effect"
import { planOf } from "../testing/catalogue.ts"
import { effect } from "../testing/effect.ts"
import { mermaid, tree } from "./Show.ts"

const texts = {
  ship: `description = "Write it, then check it."
run = ["write", "check", "ask"]
[step.write]
type = "fallback"
try = ["claude", "codex"]
[step.claude]
type = "agent"
agent = "claude"
model = "opus"
prompt = "x"
when = { env = { name = "CI", set = true }, not = { time = { between = ["08:00", "18:00"] } } }
[step.codex]
type = "agent"
agent = "codex"
prompt = "x"
retry = { times = 2 }
[step.check]
type = "loop"
step = "codex"
until = "test"
times = 3
[step.test]
type = "verify"
command = ["sh", "-c", "echo \\"<hi>\\""]
[step.ask]
type = "pipeline"
pipeline = "review"
`,
  review: `run = ["look"]\n[step.look]\ntype = "agent"\nagent = "claude"\nprompt = "x"\n`,
}

effect(
  "a plan is shown as a tree",
  Effect.gen(function* () {
    expect(tree(yield* planOf(texts))).toBe(`ship: Write it, then check it.
├─ write  fallback
│  ├─ claude  agent claude, opus (when env, time)
│  └─ codex  agent codex (retry 2)
├─ check  loop up to 3 times
│  ├─ codex  agent codex (retry 2)
│  └─ test  verify sh -c echo "<hi>"
└─ ask  pipeline review
   └─ look  agent claude`)
  }),
)

effect(
  "a plan is shown as a flowchart",
  Effect.gen(function* () {
    expect(mermaid(yield* planOf(texts))).toBe(`flowchart TD
  start(["ship"])
  n0["write: fallback"]
  n1["claude: agent claude, opus (when env, time)"]
  n0 -. "try 0" .-> n1
  n2["codex: agent codex (retry 2)"]
  n0 -. "try 1" .-> n2
  start --> n0
  n3["check: loop up to 3 times"]
  n3 -. "step" .-> n2
  n4["test: verify sh -c echo #quot;#lt;hi#gt;#quot;"]
  n3 -. "until" .-> n4
  n0 --> n3
  n5["ask: pipeline review"]
  n5 -.-> n5p
  n5p(["review"])
  n6["look: agent claude"]
  n5p --> n6
  n3 --> n5`)
  }),
)

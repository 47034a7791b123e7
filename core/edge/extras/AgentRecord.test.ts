import { expect } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { live, tempHome } from "../../testing/effect.ts"
import { run } from "../Cli.ts"
import { HubUnreachable } from "../Door.ts"
import { recordCommand, type RecordWish } from "./AgentRecord.ts"

const recorded = (cwd: string, argv: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const wishes: Array<RecordWish> = []
    const written = { out: "", err: "" }
    const sink = (name: "out" | "err") => ({
      write: (text: string, done: () => void) => {
        written[name] += text
        done()
      },
    })
    const rows = [
      { name: "text", end: "answers", changes: [], is_new: false },
      { name: "e429", end: "crashed", changes: ["end: rate_limited → crashed"], is_new: false },
    ]
    const command = recordCommand(async () => ({
      agents: ["acme", "codex"],
      cases: ["text", "e429"],
      record: (wish) => Effect.sync(() => (wishes.push(wish), { version: "2.0.0", rows })),
    }))
    const code = yield* run({
      argv: ["agent", "record", ...argv],
      version: "1.2.3",
      home: "/nowhere",
      cwd,
      env: {},
      core: [],
      extras: [command],
      connect: () => Effect.fail(new HubUnreachable({ home: "", message: "No hub." })),
      stdin: (async function* () {})(),
      stdout: sink("out"),
      stderr: sink("err"),
      interrupted: Effect.never,
    })
    return { code, wishes, ...written }
  })

live(
  "what differs from the adapter's own set is told, and is exit code 1",
  Layer.empty,
  Effect.gen(function* () {
    const cwd = yield* tempHome
    const own = join(cwd, "plugins/agent-acme/fixtures")
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, "index.json"), "{}")
    const { code, out, wishes } = yield* recorded(cwd, ["acme", "--cases", "text", "--cases", "e429"])
    expect(code).toBe(1)
    expect(out).toBe(
      `text  answers\ne429  crashed\n        end: rate_limited → crashed\n\nacme 2.0.0: 2 cases in ${cwd}/fixtures-acme, 1 not as before.\n`,
    )
    expect(wishes).toMatchObject([{ agent: "acme", out: `${cwd}/fixtures-acme`, against: own }])
  }),
)

live(
  "what cannot be recorded, and a folder that holds a set already, are refused before anything starts",
  Layer.empty,
  Effect.gen(function* () {
    const cwd = yield* tempHome
    writeFileSync(join(cwd, "index.json"), "{}")
    for (const [argv, sentence] of [
      [["codx"], 'no agent "codx" can be recorded. Did you mean "codex"? Known: acme, codex.'],
      [["acme", "--cases", "e492"], 'no case "e492" can be recorded.'],
      [["acme", "--out", "."], `${cwd} holds a set already.`],
      [["acme", "--against", "gone"], `${cwd}/gone has no index.json`],
    ] as const) {
      const { code, err, wishes } = yield* recorded(cwd, argv)
      expect([code, wishes]).toEqual([2, []])
      expect(err).toContain(sentence)
    }
  }),
)

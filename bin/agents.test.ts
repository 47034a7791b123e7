/** Programs described in TOML, through the whole hub and as real processes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Schema, Scope } from "effect"
import { RunView } from "../core/dispatch/Model.ts"
import type { Door } from "../core/edge/Door.ts"
import { ended } from "../core/services/Runs.ts"
import { assemble } from "./assemble.ts"
import { hold, home } from "./home.ts"

const caller = { door: "cli", client: "test" } as const
const self = [process.execPath, join(import.meta.dir, "hub.ts")]
const wish = { version: "test", self, command: "bun test", verbose: false }

/** Scripts of POSIX sh, by the name of their agent; `config` is TOML. */
const agents: Readonly<Record<string, { readonly script: string; readonly config?: string }>> = {
  counts: { script: "wc -c | tr -d ' '" },
  echoes: { script: 'printf "%s|" "$@"', config: 'prompt = "argument"\nargs = ["do", "{{ prompt }}"]' },
  both: {
    script: '[ "$1" = file ] && wc -c < "$2" | tr -d " " || printf %s "$2"',
    config: 'prompt = "argument"\nargs = [["arg", "{{ prompt }}"], ["file", "{{ prompt_file }}"]]',
  },
  place: { script: 'printf "%s %s" "$(pwd)" "$WHO"', config: 'env = { WHO = "{{ run_id }}/{{ attempt }}" }' },
  broke: { script: "exit 75", config: 'failure = [{ class = "quota_exhausted", exit = 75 }]' },
  killed: { script: "kill -9 $$" },
  stuck: {
    script: 'echo "429, retry in 3600 s" >&2; sleep 600',
    config:
      "failure = [{ class = 'rate_limited', matches = '429', retry_after = 'retry in (\\d+)', early = true }]",
  },
  cut: {
    script: `echo '{"type":"text","text":"half"}'; printf '{"type":"do'`,
    config: `output = "json-lines"
event = [
  { as = "agent_message", when = { type = "text" }, take = { text = "text" } },
  { as = "success", when = { type = "done" } },
]`,
  },
  noisy: { script: `head -c 3000000 /dev/zero; printf '\\r\\377\\376'; printf 'caf\\303\\251'` },
}

let folder = ""
let door: Door
const scope = Scope.makeUnsafe()
let before: string | undefined

const call = (name: string, input: object): Promise<unknown> =>
  Effect.runPromise(Effect.map(door.call(name, input, caller), ({ output }) => output))

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hub-agents-"))
  mkdirSync(join(folder, "home"), { mode: 0o700 })
  mkdirSync(join(folder, "project"))
  const tables = Object.entries(agents).map(([id, { config = "", script }]) => {
    const file = join(folder, `${id}.sh`)
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o700)
    return `[plugin.${id}]\nuse = "agent-command"\n[plugin.${id}.config]\nprogram = ${JSON.stringify(file)}\n${config}\n`
  })
  const missing = `[plugin.missing]\nuse = "agent-command"\n[plugin.missing.config]\nprogram = "hub-test-no-such-program"\n`
  writeFileSync(join(folder, "home", "plugins.toml"), [...tables, missing].join("\n"))
  before = process.env["HUB_HOME"]
  process.env["HUB_HOME"] = join(folder, "home")
  const hub = Effect.gen(function* () {
    const at = yield* home
    yield* hold(at, wish)
    return yield* assemble(at, wish, { mode: "standalone", arguments: [] })
  })
  door = (await Effect.runPromise(Scope.provide(hub, scope))).served.door
})

afterAll(async () => {
  await Effect.runPromise(Scope.close(scope, Exit.void))
  if (before === undefined) delete process.env["HUB_HOME"]
  else process.env["HUB_HOME"] = before
  rmSync(folder, { recursive: true, force: true })
})

const Accepted = Schema.Struct({ run_id: Schema.String })

/** Asks an agent and follows the run to its end. */
const asked = async (agent: string, prompt: string): Promise<RunView> => {
  const accepted = await call("dispatch", { prompt, agent, cwd: join(folder, "project") })
  const { run_id } = Schema.decodeUnknownSync(Accepted)(accepted)
  for (;;) {
    const run = Schema.decodeUnknownSync(RunView)(await call("check_dispatch", { run_id, wait_seconds: 20 }))
    if (ended(run.state)) return run
  }
}

describe("the prompt", () => {
  test("of 2 MB goes by stdin", async () => {
    expect((await asked("counts", "x".repeat(2_000_000))).answer).toBe("2000000")
  })

  test("goes as one argument, whatever stands in it", async () => {
    expect((await asked("echoes", `a "b" $(c)\n'd' é`)).answer).toBe(`do|a "b" $(c)\n'd' é|`)
    expect((await asked("echoes", "--help")).answer).toBe("do| --help|")
  })

  test("too long for an argument goes by file, or is refused with what to do", async () => {
    expect((await asked("both", "short")).answer).toBe("short")
    expect((await asked("both", "x".repeat(200_000))).answer).toBe("200000")
    const { failure } = await asked("echoes", "x".repeat(200_000))
    expect(failure?.class).toBe("adapter_mismatch")
    expect(failure?.message).toContain('prompt = "stdin" or "file"')
  })
})

test("works in the folder of the run, with its own environment", async () => {
  const run = await asked("place", "x")
  expect(run.answer).toEndWith(`/project ${run.run_id}/1`)
})

test.each([
  ["broke", "quota_exhausted", "broke ended with exit 75 and said nothing."],
  ["killed", "crashed", "killed was ended by SIGKILL and said nothing."],
  ["missing", "missing_program", "hub-test-no-such-program"],
  ["cut", "crashed", "cut ended with exit 0 and without the event that means success."],
  ["stuck", "rate_limited", "stuck says: 429, retry in 3600 s"],
] as const)("%s fails with %s", async (agent, class_, sentence) => {
  const { failure, state } = await asked(agent, "x")
  expect(state).toBe("failed")
  expect(failure?.class).toBe(class_)
  expect(failure?.message).toContain(sentence)
})

test("of bytes that are no text the end is the answer", async () => {
  const { answer, state } = await asked("noisy", "x")
  expect(state).toBe("succeeded")
  expect(answer).toEndWith("\u{fffd}\u{fffd}café")
})

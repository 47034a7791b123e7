import { describe, expect, test } from "bun:test"
import { Schema } from "effect"
import { type Agent, Failure } from "hub/plugin"
import { requestOf } from "hub/testing"
import { Config } from "./Config.ts"
import { launch, supports } from "./Launch.ts"

const config = (given: object): Config => Schema.decodeUnknownSync(Config)({ program: "x", ...given })

const request = requestOf({
  run_id: "r1",
  attempt: 2,
  prompt: "add a flag",
  cwd: "/w",
  dir: "/d",
  prompt_file: "/d/prompt",
})

const started = (given: object, asked: Partial<Agent.AgentRequest> = {}): Agent.Launch => {
  const result = launch(config(given), { ...request, ...asked })
  if (result instanceof Failure.Failure) throw new Error(result.message)
  return result
}

const refused = (given: object, asked: Partial<Agent.AgentRequest>): Failure.Failure => {
  const result = launch(config(given), { ...request, ...asked })
  if (result instanceof Failure.Failure) return result
  throw new Error(`started with ${JSON.stringify(result.args)}`)
}

const full = {
  args: [
    "exec",
    "{{ permission }}",
    ["--model", "{{ model }}"],
    "--cwd={{ cwd }}",
    ["resume", "{{ session }}"],
    ["fork", "{{ fork }}"],
    ["--system", "{{ system_file }}"],
    ["--schema", "{{ output_schema_file }}"],
    "--",
    "{{ prompt }}",
  ],
  prompt: "argument",
  permission: { restricted: ["-s", "read-only"], bypass: [] },
  env: { RUN: "{{ run_id }}.{{ attempt }}", MODEL: "{{ model }}" },
}

test("an argument whose variable has no value is left out with its group", () => {
  const { args, env, stdin } = started(full)
  expect(args).toEqual(["exec", "--cwd=/w", "--", "add a flag"])
  expect(env).toEqual({ RUN: "r1.2" })
  expect(stdin).toBeUndefined()
})

test("everything that is asked finds its place", () => {
  const asked = {
    model: "opus",
    permission: "restricted",
    session: { id: "s1" },
    system: "be brief",
    output_schema: { type: "object" },
  } as const
  const { args, env, files } = started(full, asked)
  expect(args.join(" ")).toBe(
    "exec -s read-only --model opus --cwd=/w resume s1 --system /d/system.txt --schema /d/output-schema.json -- add a flag",
  )
  expect(env).toEqual({ RUN: "r1.2", MODEL: "opus" })
  expect(files).toEqual({ "system.txt": "be brief", "output-schema.json": '{"type":"object"}' })
})

test("a session is resumed or branched off, not both", () => {
  expect(started(full, { session: { id: "s1", fork: true } }).args).toEqual([
    "exec",
    "--cwd=/w",
    "fork",
    "s1",
    "--",
    "add a flag",
  ])
})

test("what it supports is read from its arguments", () => {
  expect(supports(config(full))).toEqual({
    resume: true,
    fork: true,
    permission: ["restricted", "bypass"],
    model: true,
    output_schema: true,
    system_prompt: true,
  })
  expect(supports(config({}))).toMatchObject({ resume: false, model: false, permission: [] })
})

test("a filled value is not filled again", () => {
  expect(started(full, { prompt: "{{ model }} $& {{{{ x" }).args.at(-1)).toBe("{{ model }} $& {{{{ x")
  expect(started({ args: ["{{{{ literal }}"] }).args).toEqual(["{{ literal }}"])
})

describe("the prompt", () => {
  test("goes by stdin unless told", () => {
    expect(started({}).stdin).toEqual({ text: "add a flag" })
  })

  test("goes by file", () => {
    const { args, stdin } = started({ prompt: "file", args: ["-f", "{{ prompt_file }}"] })
    expect(args).toEqual(["-f", "/d/prompt"])
    expect(stdin).toBeUndefined()
  })

  const dashed = { prompt: "argument", args: [["-p", "{{ prompt }}"]] }

  test.each(["--help", "-", "- one\n- two"])("%j is not read as a flag", (prompt) => {
    expect(started(dashed, { prompt }).args).toEqual(["-p", ` ${prompt}`])
    expect(started({ ...dashed, args: ["--", "{{ prompt }}"] }, { prompt }).args).toEqual(["--", prompt])
    expect(started({ ...dashed, args: ["--prompt={{ prompt }}"] }, { prompt }).args).toEqual([
      `--prompt=${prompt}`,
    ])
  })

  test.each([
    ["too long", "ä".repeat(62_000), "122 KB"],
    ["with a NUL byte", "a\0b", "NUL"],
  ])("%s for an argument goes by file where there is a place for it, else is refused", (_, prompt, why) => {
    const failure = refused(dashed, { prompt })
    expect(failure.class).toBe("adapter_mismatch")
    expect(failure.message).toContain(why)
    expect(failure.message).toContain('prompt = "stdin" or "file"')
    const both = {
      ...dashed,
      args: [
        ["-p", "{{ prompt }}"],
        ["-f", "{{ prompt_file }}"],
      ],
    }
    expect(started(both, { prompt }).args).toEqual(["-f", "/d/prompt"])
    expect(started(both).args).toEqual(["-p", "add a flag"])
  })
})

test("a model that is not in the list is refused", () => {
  const failure = refused({ args: [["-m", "{{ model }}"]], models: ["a", "b"] }, { model: "c" })
  expect(failure.class).toBe("model_unavailable")
  expect(failure.message).toContain("Known: a, b.")
})

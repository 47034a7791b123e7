/** What scripts and shells rely on: exit codes, one JSON document, no colours where there is no terminal, completion. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { binary, ensureBuilt } from "../bin/binary.ts"
import { agent, documentOf, type Home, makeHome, run, Server, until } from "./support/hub.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(120_000)

let home: Home

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({
    "hub/plugins.toml":
      agent("echo", "cat") +
      agent("broken", "echo why >&2; exit 7") +
      agent("endless", "touch endless; sleep 600"),
    "hub/pipelines/p-own.toml": 'run = ["a"]\n[step.a]\ntype = "transform"\ntemplate = "x"\n',
  })
  expect((await run(home, ["dispatch", "--wait", "--agent", "echo", "hi"])).code).toBe(0)
})

afterAll(() => home.remove())

describe("exit codes", () => {
  const dispatch = (name: string, ...more: ReadonlyArray<string>) =>
    run(home, ["dispatch", "--wait", ...more, "--agent", name, "hi"])

  test("0: it succeeded, and stdout is the answer alone", async () => {
    expect(await dispatch("echo")).toMatchObject({ code: 0, out: "hi\n" })
    expect(documentOf(await dispatch("echo", "--json"))).toEqual({
      run_id: expect.stringMatching(/^\d{6}-[a-z0-9]{8}$/),
      state: "succeeded",
      pipeline: "direct",
      cwd: home.path,
      prompt: "hi",
      answer: "hi",
      answered_by: "echo",
      attempts: [
        {
          attempt: 1,
          step: "echo",
          agent: "echo",
          state: "succeeded",
          started_at: expect.stringMatching(/^\d{4}-.*Z$/),
          duration_ms: expect.any(Number),
          exit_code: 0,
        },
      ],
      accepted_at: expect.any(String),
      ended_at: expect.any(String),
      duration_ms: expect.any(Number),
      last_seq: expect.any(Number),
    })
  })

  test("1: the run failed, stderr says why and what to ask next", async () => {
    const failed = await dispatch("broken")
    expect(failed).toMatchObject({ code: 1, out: "" })
    expect(failed.err).toMatch(/hub: crashed: .*\n {5}hub why \S+ tells what was tried\./)
    const program = await dispatch("broken", "--json")
    expect(program).toMatchObject({ code: 1, err: "" })
    expect(documentOf(program)).toMatchObject({
      state: "failed",
      failure: { class: "crashed" },
      attempts: [
        { state: "failed", exit_code: 7, failure: { class: "crashed", message: expect.any(String) } },
      ],
    })
  })

  test("2: wrong usage, in JSON as well", async () => {
    expect(await dispatch("nobody")).toMatchObject({ code: 2, out: "" })
    expect(documentOf(await dispatch("nobody", "--json"))).toMatchObject({ error: { code: "invalid" } })
  })

  test("3: somebody cancelled it", async () => {
    const waiting = dispatch("endless", "--json")
    await until("the start", () => fs.existsSync(path.join(home.path, "endless")) || undefined)
    expect((await run(home, ["runs", "cancel", "last"])).code).toBe(0)
    const ended = await waiting
    expect(ended.code).toBe(3)
    expect(documentOf(ended)).toMatchObject({ state: "cancelled", attempts: [{ state: "cancelled" }] })
  })

  test("4: no hub can be reached", async () => {
    const ended = await run(home, ["agents", "--json"], { env: { HUB_HOME: "not/absolute" } })
    expect(ended.code).toBe(4)
    expect(documentOf(ended)).toMatchObject({ error: { code: "unavailable" } })
  })
})

interface Described {
  readonly path: ReadonlyArray<string>
  readonly positionals: ReadonlyArray<{ readonly name: string; readonly required: boolean }>
}

/** They end the hub that the others ask, or are it. `tests/daemon` has them. */
const ofLife = ["serve", "start", "stop", "restart"]

test("--json on every command prints one document, with what it needs and without", async () => {
  const { commands } = documentOf<{ commands: ReadonlyArray<Described> }>(await run(home, ["help", "--json"]))
  const shown = commands.map((one) => one.path.join(" "))
  for (const known of [
    "dispatch",
    "runs list",
    "why",
    "agents",
    "pipeline lint",
    "plugins",
    "check",
    "doctor",
    "init",
  ])
    expect(shown).toContain(known)
  const values: Readonly<Record<string, string>> = {
    prompt: "hi",
    run_id: "last",
    pipeline: "p-own",
    shell: "bash",
    name: "agent-probe",
    file: "missing.db",
  }
  const ofCommand = ({ path: words, positionals }: Described): ReadonlyArray<ReadonlyArray<string>> => {
    const needed = positionals.filter(({ required }) => required).map(({ name }) => values[name] ?? "x")
    const agents = words[0] === "dispatch" ? ["--agent", "echo"] : []
    return [...(needed.length > 0 ? [words] : []), [...words, ...agents, ...needed]]
  }
  // Commands of one hub, so that none of them has to start its own.
  const server = new Server(home)
  await server.initialize()
  await server.tool("list_agents", {})
  const tried = commands.filter(({ path: [word = ""] }) => !ofLife.includes(word)).flatMap(ofCommand)
  const next = tried.values()
  const wrong: Array<object> = []
  const worker = async (): Promise<void> => {
    for (const args of next) {
      const { code, err, out } = await run(home, [...args, "--json"])
      const isOne = out.trimEnd() !== "" && !out.trimEnd().includes("\n")
      if (!isOne || (code === 0 && err !== "")) wrong.push({ args, code, out, err })
      else documentOf({ code, err, out })
      const refusal = isOne && Object.hasOwn(JSON.parse(out) as object, "error")
      const judges = ["check", "status"].includes(args[0] ?? "") || args[1] === "lint"
      if (refusal !== (code !== 0) && code !== 1 && !judges) wrong.push({ args, code, out })
    }
  }
  await Promise.all([worker(), worker(), worker()])
  expect(wrong).toEqual([])
  expect(tried.length).toBeGreaterThan(commands.length - ofLife.length)
  expect(await server.close()).toBe(0)
}, 300_000)

describe("colours", () => {
  const escape = "\u001b["
  const terminal = (env: Readonly<Record<string, string>>, args: string) =>
    run(home, ["-qec", `'${binary}' ${args}`, "/dev/null"], {
      program: Bun.which("script") ?? "",
      env: { NO_COLOR: "", TERM: "xterm-256color", ...env },
    })

  test("are for terminals, and NO_COLOR and --no-color are heard", async () => {
    const piped = await run(home, ["runs", "list"], { env: { NO_COLOR: "" } })
    expect(piped.out + piped.err).not.toContain(escape)
    const wrong = ["frob"]
    expect((await run(home, wrong, { env: { NO_COLOR: "", FORCE_COLOR: "1" } })).err).toContain(escape)
    expect((await run(home, wrong, { env: { NO_COLOR: "1", FORCE_COLOR: "" } })).err).not.toContain(escape)
    expect(
      (await run(home, [...wrong, "--no-color"], { env: { NO_COLOR: "", FORCE_COLOR: "" } })).err,
    ).not.toContain(escape)
  })

  test.skipIf(Bun.which("script") === null)("a terminal gets them, and none with NO_COLOR", async () => {
    expect((await terminal({}, "frob")).out).toContain(`${escape}3`)
    expect((await terminal({ NO_COLOR: "1" }, "frob")).out).not.toContain(`${escape}3`)
    expect((await terminal({ NO_COLOR: "1" }, "agents")).out).not.toContain(`${escape}3`)
  })
})

describe("completion", () => {
  // A hub is at work, and its plugins have started.
  beforeAll(async () => {
    expect((await run(home, ["dispatch", "--wait", "--agent", "echo", "hi"])).code).toBe(0)
  })

  /** Whoever completes is answered fast or not at all, and then presses the key again. */
  const answered = (ask: () => Promise<string>) =>
    until("an answer", async () => (await ask()).trim() || undefined)

  const complete = async (...words: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
    const out = await answered(async () => (await run(home, ["__complete", "--", ...words])).out)
    return out.split("\n").map((line) => line.split("\t")[0] ?? "")
  }

  test("knows commands, flags, and the names of pipelines and agents", async () => {
    expect(await complete("ru")).toContain("runs")
    expect(await complete("runs", "")).toEqual(expect.arrayContaining(["list", "show", "cancel", "events"]))
    expect(await complete("dispatch", "--pipeline", "p-")).toEqual(["p-own"])
    expect(await complete("dispatch", "--agent", "")).toEqual(["echo", "broken", "endless"])
  })

  const load: Readonly<Record<string, ReadonlyArray<string>>> = {
    bash: [
      "bash",
      "-c",
      `eval "$(hub completion bash)"; COMP_WORDS=(hub dispatch --pipeline p-); COMP_CWORD=3; _hub; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    zsh: [
      "zsh",
      "-fc",
      `autoload -Uz compinit; compinit -u -D; eval "$(hub completion zsh)"; whence -w _hub`,
    ],
    fish: ["fish", "-Nc", `hub completion fish | source; complete -C "hub dispatch --pipeline p-"`],
  }
  const says: Readonly<Record<string, string>> = { bash: "p-own", zsh: "_hub: function", fish: "p-own" }

  for (const [shell, command] of Object.entries(load))
    test.skipIf(Bun.which(shell) === null)(`loads in ${shell} and completes a pipeline`, async () => {
      const [program = "", ...args] = command
      const env = { PATH: `${path.dirname(binary)}:${process.env["PATH"]}` }
      const said = await answered(async () => {
        const { code, err, out } = await run(home, args, { program, env })
        expect({ code, err }).toEqual({ code: 0, err: "" })
        return out
      })
      expect(said).toStartWith(says[shell] ?? "")
    })
})

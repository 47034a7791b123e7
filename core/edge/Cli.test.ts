import { afterEach, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { effect } from "../testing/effect.ts"
import { spinner } from "./cli/Progress.ts"

const program = join(import.meta.dir, "fixtures/cli.ts")
const folders: Array<string> = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

interface Options {
  readonly env?: Record<string, string>
  readonly stdin?: string
  readonly cwd?: string
}

const start = (args: ReadonlyArray<string>, { cwd, env, stdin }: Options = {}) =>
  Bun.spawn([process.execPath, program, ...args], {
    stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env["PATH"] ?? "", HUB_HOME: "/nowhere/at/all", FIXTURE_LOG: "1", ...env },
    cwd: cwd ?? tmpdir(),
  })

const hub = async (args: ReadonlyArray<string>, options: Options = {}) => {
  const child = start(args, options)
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, code, json: () => JSON.parse(out) as Record<string, never> }
}

/** What the operation was called with. */
const called = (err: string) =>
  JSON.parse(err.split("\n").find((line) => line.startsWith("{")) ?? "null") as Record<string, never>

describe("dispatch", () => {
  test("hands over the prompt, the shell's folder and the rest, prints the id, and says what is next", async () => {
    const { code, err, out } = await hub([
      "dispatch",
      "ok",
      "--agent",
      "claude",
      "--fallback",
      "codex,gemini",
      "--input",
      "n:=3",
    ])
    expect([code, out]).toEqual([0, "ok\n"])
    expect(called(err)).toEqual({
      name: "dispatch",
      input: { prompt: "ok", cwd: tmpdir(), agent: "claude", fallback: ["codex", "gemini"], input: { n: 3 } },
      caller: { door: "cli", client: "hub 1.2.3", cwd: tmpdir() },
    } as never)
    expect(err).toContain("hub runs events ok --follow")
  })

  test("a folder is meant as the shell means it; a project needs none", async () => {
    const under = async (...args: ReadonlyArray<string>) =>
      called((await hub(["dispatch", "ok", ...args])).err)["input"]
    expect(await under("--cwd", "../x y")).toEqual({ prompt: "ok", cwd: join(tmpdir(), "../x y") } as never)
    expect(await under("--cwd=/abs")).toEqual({ prompt: "ok", cwd: "/abs" } as never)
    expect(await under("--project", "app")).toEqual({ prompt: "ok", project: "app" } as never)
  })

  test("the prompt may come from stdin, and look like anything", async () => {
    const prompt = "line one\n--help\n\u0000 ü " + "x".repeat(2_000_000)
    const { err, out } = await hub(["dispatch", "-"], { stdin: prompt })
    expect(out).toBe("ok\n")
    expect((called(err)["input"] as unknown as { prompt: string }).prompt).toBe(prompt)
    expect(called((await hub(["dispatch", "--", "-"])).err)["input"]).toMatchObject({ prompt: "-" })
    expect(called((await hub(["dispatch", "--", "--help"])).err)["input"]).toMatchObject({ prompt: "--help" })
  })

  test("an empty prompt is refused", async () => {
    for (const [args, stdin] of [
      [["dispatch", ""], ""],
      [["dispatch", " \n"], ""],
      [["dispatch", "-"], " "],
    ] as const) {
      const { code, err, out } = await hub(args, { stdin })
      expect([code, out]).toEqual([2, ""])
      expect(err).toContain("is empty. Say what to do")
    }
  })

  test.each([
    ["ok", 0, "succeeded"],
    ["bad", 1, "failed"],
    ["gone", 3, "cancelled"],
    ["late", 1, "timed_out"],
  ] as const)("with --wait the exit code says how %s ended: %i", async (prompt, code, state) => {
    const plain = await hub(["dispatch", prompt, "--wait"])
    expect([plain.code, plain.out]).toEqual([code, state === "succeeded" ? "the answer\n" : ""])
    expect(plain.err.includes("hub why")).toBe(state !== "succeeded")
    const asJson = await hub(["dispatch", prompt, "--wait", "--json"])
    expect(asJson.code).toBe(code)
    expect(asJson.json()).toMatchObject({ run_id: prompt, state })
  })

  test("with --verbose the story of the run is told, and nothing an agent says steers the terminal", async () => {
    const { err } = await hub(["dispatch", "ok", "--wait", "--verbose"])
    expect(err.split("\n").filter((line) => line.startsWith("  "))).toEqual([
      "    1 ms  claude        chosen",
      "    2 ms  claude        started claude",
      "    3 ms  claude        left (quota_exhausted): the weekly window is used up",
      "    4 ms  codex         started codex",
      "    5 ms  codex         red alert text",
    ])
    expect(err).toContain("succeeded after 1.2 s, answered by codex")
    expect(err).not.toContain("\u001b")
  })

  test("Ctrl-C ends the watching, says that the run goes on, and how to end it", async () => {
    const child = start(["dispatch", "slow", "--wait", "--verbose"])
    let err = ""
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
      err += chunk
      if (err.includes("red alert") && !child.killed) child.kill("SIGINT")
    }
    expect(await child.exited).toBe(130)
    expect(err).toContain(
      "slow goes on without you. To see it: hub runs show slow. To end it: hub runs cancel slow.",
    )
  })
})

describe("what a command came to", () => {
  test("--json is exactly one document, also for errors of every kind", async () => {
    const cases = [
      [["agents", "--json"], 0],
      [["--json", "agents"], 0],
      [["runs", "events", "ok", "--json"], 0],
      [["runs", "events", "ok", "--follow", "--json"], 0],
      [["runs", "show", "nope", "--json"], 2],
      [["agents", "--json", "--bogus"], 2],
      [["no-such", "--json"], 2],
      [["runs", "--json"], 2],
      [["--json"], 2],
      [["acme-break", "--json"], 1],
      [["acme-refuse", "--json"], 1],
      [["broken", "--json"], 1],
      [["completion", "bash", "--json"], 0],
      [["--version", "--json"], 0],
    ] as const
    const ran = await Promise.all(cases.map(([args]) => hub(args, { env: { FIXTURE_LOG: "" } })))
    ran.forEach(({ code, err, json }, at) => {
      const [args, expected] = cases[at]!
      expect([args, code, err]).toEqual([args, expected, ""])
      const body = json()
      expect([args, "error" in body]).toEqual([args, expected !== 0])
      if (expected !== 0)
        expect(body["error"]).toMatchObject({ code: expect.any(String), message: expect.any(String) })
    })
  })

  test("a hub that cannot be reached is exit code 4, and help and usage errors need none", async () => {
    const env = { FIXTURE_HUB: "none" }
    const gone = await hub(["agents"], { env })
    expect([gone.code, gone.out]).toEqual([4, ""])
    expect(gone.err).toBe("hub: No hub answers in /nowhere/at/all. Start one with `hub serve`.\n")
    expect((await hub(["agents", "--json"], { env })).json()["error"]).toMatchObject({ code: "unavailable" })
    const codes = await Promise.all(
      [
        ["--help"],
        ["agents", "--help"],
        ["help", "runs", "show"],
        ["completion", "zsh"],
        ["--version"],
        ["agents", "--x"],
        ["nope"],
      ].map(async (args) => (await hub(args, { env })).code),
    )
    expect(codes).toEqual([0, 0, 0, 0, 0, 2, 2])
  })

  test("a home that would be another one in each folder is refused by every command, and by no help", async () => {
    const env = { HUB_HOME: "some/where" }
    for (const args of [["agents"], ["broken"], ["dispatch", "ok"]]) {
      const { code, err, out } = await hub(args, { env })
      expect([args, code, out, err]).toEqual([
        args,
        4,
        "",
        'hub: HUB_HOME is not an absolute path ("some/where"). Set HUB_HOME to a path that starts with /.\n',
      ])
    }
    expect((await hub(["agents", "--help"], { env })).code).toBe(0)
  })

  test("operations of plugins are commands by themselves", async () => {
    expect((await hub(["acme-list"])).out).toBe("a\nb\n")
    expect((await hub(["acme-status", "--help"])).out).toContain("--no-deep")
    expect((await hub(["help", "--all"])).out).toMatch(/From plugins\n(.*\n)*.*acme-status/)
    expect((await hub(["help", "acme-status"])).out).toContain("Tells how Acme is.")
    expect((await hub(["acme-statsu"])).err).toContain("Did you mean acme-status?")
  })

  test("colours only where they are wanted, and never what an agent brings", async () => {
    expect((await hub(["agents"], { env: { FORCE_COLOR: "1" } })).out).toContain("\u001b[2mid")
    expect((await hub(["agents"], { env: { FORCE_COLOR: "1" } })).out).not.toContain("\u001b[2J")
    expect((await hub(["agents", "--no-color"], { env: { FORCE_COLOR: "1" } })).out).not.toContain("\u001b")
  })

  for (const [command, what] of Object.entries({
    flood: "that writes without end",
    "runs events slow --follow": "that waits for the next event",
    "logs --follow": "that waits for the next line",
  }))
    test(`a reader that has enough ends a command ${what}, quietly`, async () => {
      const home = mkdtempSync(join(tmpdir(), "cli-"))
      folders.push(home)
      mkdirSync(join(home, "logs"))
      writeFileSync(join(home, "logs", "hub.log"), "first\nsecond\n")
      const line = `{ "$0" "$1" ${command}; echo "ended $?" >&2; } | head -n 1`
      const child = Bun.spawn(["sh", "-c", line, process.execPath, program], {
        env: { ...process.env, HUB_HOME: home },
        stdout: "pipe",
        stderr: "pipe",
        stdin: "ignore",
      })
      expect((await child.stdout.text()).split("\n")).toHaveLength(2)
      expect(await child.stderr.text()).toBe("ended 0\n")
    })
})

describe("help", () => {
  test("the first page has groups, and fits a narrow screen", async () => {
    const { code, out } = await hub(["--help"])
    expect(code).toBe(0)
    expect(out).toContain("\nWork\n  dispatch PROMPT")
    expect(out.split("\n").every((line) => line.length <= 110)).toBe(true)
    expect((await hub([])).code).toBe(2)
  })

  test("a command's page says arguments, flags, defaults and examples", async () => {
    const { out } = await hub(["dispatch", "--help"])
    for (const part of [
      "Usage  hub dispatch PROMPT [FLAGS]",
      "-p, --project",
      "--input NAME=VALUE",
      "Examples",
    ])
      expect(out).toContain(part)
    expect((await hub(["runs", "--help"])).out).toContain("runs cancel RUN_ID")
  })

  test("with --json it is one document of commands, flags and arguments", async () => {
    const listed = async (...args: ReadonlyArray<string>) => {
      const { code, err, json } = await hub(args)
      expect([args, code, err]).toEqual([args, 0, ""])
      const { commands } = json() as unknown as { commands: ReadonlyArray<{ path: ReadonlyArray<string> }> }
      return commands.map((command) => [command.path.join(" "), command] as const)
    }
    const all = new Map(await listed("help", "--all", "--json"))
    expect(all.get("acme-status")).toMatchObject({
      summary: "Tells how Acme is.",
      plugin: "acme",
      flags: expect.arrayContaining([
        {
          name: "deep",
          flag: "--deep",
          type: "boolean",
          default: true,
          required: false,
          description: expect.any(String),
        },
      ]),
    })
    expect(all.get("dispatch")).toMatchObject({
      positionals: [{ name: "prompt", type: "string", required: true, description: expect.any(String) }],
    })
    expect(all.has("flood")).toBe(false)
    const plain = await listed("--help", "--json")
    expect(plain.length).toBeGreaterThan(3)
    expect(plain.some(([path]) => path === "acme-status")).toBe(false)
    expect((await listed("runs", "--help", "--json")).every(([path]) => path.startsWith("runs "))).toBe(true)
    for (const args of [
      ["runs", "show", "--help", "--json"],
      ["help", "runs", "show", "--json"],
    ])
      expect((await listed(...args)).map(([path]) => path)).toEqual(["runs show"])
    expect((await hub(["help", "nope", "--json"])).json()["error"]).toMatchObject({ code: "invalid" })
  })

  test("an unknown word is told, also where help is asked", async () => {
    for (const args of [
      ["runs", "shwo", "--help"],
      ["runs", "--help", "shwo"],
      ["help", "runs", "shwo"],
      ["runs", "--config", "x.toml", "shwo"],
    ]) {
      const { code, err, out } = await hub(args)
      expect([args, code, out]).toEqual([args, 2, ""])
      expect(err).toContain('Unknown command "runs shwo". Did you mean runs show?')
    }
    expect((await hub(["runs", "--config", "x.toml", "--help"])).code).toBe(0)
  })
})

describe("files that a person names", () => {
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), "hub-cli-"))
    folders.push(made)
    return made
  }

  test("lint reads them here, and says file and line; a wrong file is exit code 2", async () => {
    const cwd = folder()
    writeFileSync(join(cwd, "good.toml"), "run = []")
    writeFileSync(join(cwd, "bad file.toml"), "wrong")
    expect(await hub(["pipeline", "lint", "good.toml"], { cwd })).toMatchObject({
      code: 0,
      out: "No errors.\n",
    })
    const bad = await hub(["pipeline", "lint", "good.toml", "./bad file.toml"], { cwd })
    expect([bad.code, bad.out]).toEqual([
      2,
      './bad file.toml:3:1  step.a: no step "b"\n1 error, 0 warnings\n',
    ])
    for (const [name, why] of [
      ["none.toml", "there is no such file"],
      [".", "it is a folder"],
      ["/dev/zero", "it is no file"],
    ] as const) {
      const args = name === "." ? ["pipeline", "lint", "./"] : ["pipeline", "lint", name]
      expect((await hub(args, { cwd })).err).toContain(why)
    }
  })
})

describe("completion", () => {
  const offered = async (...words: ReadonlyArray<string>) =>
    (await hub(["__complete", "--", ...words])).out
      .split("\n")
      .map((line) => line.split("\t")[0])
      .filter(Boolean)

  test("offers commands, flags, values and names that the hub knows", async () => {
    expect(await offered("")).toContain("dispatch")
    expect(await offered("ru")).toEqual(["runs"])
    expect(await offered("runs", "")).toEqual(["show", "events", "cancel"])
    expect(await offered("dispatch", "--pi")).toEqual(["--pipeline"])
    expect(await offered("dispatch", "--agent", "")).toEqual(["claude", "codex"])
    expect(await offered("dispatch", "--pipeline", "im")).toEqual(["implement"])
    expect(await offered("completion", "")).toEqual(["bash", "zsh", "fish"])
  })

  test("is silent when no hub can be asked", async () => {
    const { code, err, out } = await hub(["__complete", "--", "dispatch", "--agent", ""], {
      env: { FIXTURE_HUB: "none" },
    })
    expect([code, out, err]).toEqual([0, "", ""])
  })

  test.each(["bash", "zsh", "fish"].filter((shell) => Bun.which(shell) !== null))(
    "the script is one that %s reads",
    async (shell) => {
      const { out } = await hub(["completion", shell])
      const child = Bun.spawn([shell, "-n", "/dev/stdin"], { stdin: new Blob([out]), stderr: "pipe" })
      expect([await child.stderr.text(), await child.exited]).toEqual(["", 0])
    },
  )

  test("works in bash", async () => {
    const cwd = folder2()
    writeFileSync(join(cwd, "hub"), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, {
      mode: 0o755,
    })
    const script = `eval "$(hub completion bash)"; COMP_WORDS=(hub dispatch --agent c); COMP_CWORD=3; _hub; echo "\${COMPREPLY[@]}"`
    const child = Bun.spawn(["bash", "-c", script], {
      stdout: "pipe",
      stderr: "pipe",
      env: { PATH: `${cwd}:${process.env["PATH"]}` },
    })
    expect([await child.stdout.text(), await child.stderr.text()]).toEqual(["claude codex\n", ""])
  })
  const folder2 = () => {
    const made = mkdtempSync(join(tmpdir(), "hub-cli-"))
    folders.push(made)
    return made
  }
})

effect(
  "the spinner comes after a second, gives way to lines, and leaves nothing behind",
  Effect.gen(function* () {
    const written: Array<string> = []
    const screen = {
      isTerminal: true,
      width: 40,
      paint: (_: string, text: string) => text,
      write: (text: string) => Effect.sync(() => void written.push(text)),
    }
    const fiber = yield* Effect.forkChild(
      Effect.scoped(
        Effect.gen(function* () {
          const progress = yield* spinner(screen, "hub test")
          yield* Effect.sleep("1050 millis")
          yield* progress.line("a line")
          yield* progress.status("now this")
          yield* Effect.sleep("100 millis")
        }),
      ),
    )
    yield* TestClock.adjust("990 millis")
    expect(written).toEqual([])
    yield* TestClock.adjust("2 seconds")
    yield* Fiber.join(fiber)
    expect(written[0]).toStartWith("\r\u001b[K⠋ hub test  1.0 s")
    expect(written.slice(1, 3)).toEqual(["\r\u001b[K", "a line\n"])
    expect(written.at(-2)).toContain("now this")
    expect(written.at(-1)).toBe("\r\u001b[K")
  }),
)

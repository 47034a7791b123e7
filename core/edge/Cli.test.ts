import { afterEach, describe, expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { called, folder, hub, program, removeFolders, start } from "./fixtures/program.ts"

afterEach(removeFolders)

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
    let [err, isAsked] = ["", false]
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
      err += chunk
      if (isAsked || !err.includes("red alert")) continue
      isAsked = true
      child.kill("SIGINT")
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
  }, 90_000)

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
  }, 90_000)

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
  }, 90_000)

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
      const home = folder()
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

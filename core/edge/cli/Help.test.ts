import { describe, expect, test } from "bun:test"
import { hub } from "../fixtures/program.ts"

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

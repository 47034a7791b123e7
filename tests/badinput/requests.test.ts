/** Folders and prompts that nobody expects: each works, or is refused in one sentence. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { binary, ensureBuilt } from "../../bin/binary.ts"
import { agent, documentOf, type Home, makeHome, run, Server } from "../support/hub.ts"
import { refused } from "./refused.ts"

const isRoot = process.getuid?.() === 0

let home: Home
let server: Server

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({ "hub/plugins.toml": agent("echo", "cat") + agent("where", "pwd -P"), file: "" })
  server = new Server(home)
  await server.initialize()
}, 120_000)

afterAll(async () => {
  expect(await server.close()).toBe(0)
  home.remove()
})

const at = (...parts: ReadonlyArray<string>): string => path.join(home.path, ...parts)

describe("a folder", () => {
  const usual = [
    "with spaces",
    `q"u'o\`te$HOME`,
    "new\nline",
    "ünï€😀 漢字",
    "-dash",
    "--help",
    "back\\slash",
    "{{ input.x }}",
    "%s",
  ]
  test("is worked in under the name that it has", async () => {
    const works = async (name: string) => {
      fs.mkdirSync(at(name), { recursive: true })
      return documentOf(
        await run(home, ["dispatch", "--wait", "--json", "--agent", "where", `--cwd=${at(name)}`, "hi"]),
      )
    }
    const ended = await Promise.all(usual.map(works))
    expect(ended.map(({ answer, cwd }) => ({ answer, cwd }))).toEqual(
      usual.map((name) => ({ answer: at(name), cwd: at(name) })),
    )
  })

  test("relative ones and those with .. are meant from the shell's folder", async () => {
    fs.mkdirSync(at("a/b"), { recursive: true })
    for (const [cwd, found] of [
      ["b", "a/b"],
      ["../a/b/..", "a"],
      ["..", ""],
    ] as const) {
      const ended = await run(
        home,
        ["dispatch", "--wait", "--json", "--agent", "where", "--cwd", cwd, "hi"],
        { cwd: at("a") },
      )
      expect(documentOf(ended)).toMatchObject({ answer: at(found), cwd: at(found) })
    }
  })

  for (const [what, folder, why] of [
    ["missing", "no/such", "there is no such folder"],
    ["a file", "file", "it is not a folder"],
    ["below a file", "file/x", "folder"],
    ["empty", "", "not empty"],
    ["far too long", "x/".repeat(3000), "its path is longer"],
  ] as const)
    test(`${what}: is refused, and nothing is accepted`, async () => {
      const message = await refused(home, 2, ["dispatch", "--agent", "where", "--cwd", folder, "hi"])
      expect(message).toContain(why)
      expect(message).not.toContain("ENOENT")
    })

  // Whoever is root may enter every folder, so another user has to try.
  test.skipIf(!isRoot || Bun.which("setpriv") === null)("not readable: is refused", async () => {
    const shared = makeHome({ "hub/plugins.toml": agent("where", "pwd") })
    try {
      fs.mkdirSync(path.join(shared.path, "closed"), { mode: 0o700 })
      fs.chmodSync(shared.path, 0o755)
      for (const one of ["hub", "hub/plugins.toml"]) fs.chownSync(path.join(shared.path, one), 65534, 65534)
      // A copy: the other user may not come to where this one stands.
      const program = path.join(shared.path, "program")
      fs.copyFileSync(binary, program)
      const command = [Bun.which("setpriv") ?? "", "--reuid=65534", "--regid=65534", "--clear-groups"]
      const ended = await run(
        shared,
        ["dispatch", "--agent", "where", "--cwd", path.join(shared.path, "closed"), "hi"],
        {
          cwd: "/",
          through: command,
          program,
        },
      )
      expect(ended).toMatchObject({ code: 2, out: "" })
      expect(ended.err).toContain(`cannot work in "${shared.path}/closed"`)
      expect(ended.err).toContain("may not")
    } finally {
      shared.remove()
    }
  })
})

describe("a prompt", () => {
  const odd = [
    "--help",
    "-",
    "--",
    "-x",
    "--version",
    "--json",
    "$(id)",
    "`id`",
    "a\nb",
    "\u0001",
    " leading",
    "漢字 😀",
    "{{ run.prompt }}",
    "'",
    '"',
    "\\",
  ]

  test("behind -- reaches the agent word for word, whatever it is", async () => {
    const ended = await Promise.all(
      odd.map((prompt) => run(home, ["dispatch", "--wait", "--json", "--agent", "echo", "--", prompt])),
    )
    expect(ended.map((one) => documentOf(one)["answer"])).toEqual(odd)
  })

  for (const prompt of ["", "   ", "\n\t"])
    test(`${JSON.stringify(prompt)} is refused`, async () => {
      expect(await refused(home, 2, ["dispatch", "--agent", "echo", prompt])).toContain(
        "PROMPT is empty. Say what to do",
      )
      await expect(server.tool("dispatch", { agent: "echo", cwd: home.path, prompt })).rejects.toThrow(
        "prompt",
      )
    })

  test("from stdin, also when it is empty", async () => {
    const given = await run(home, ["dispatch", "--wait", "--agent", "echo", "-"], { stdin: "--from\nstdin" })
    expect(given).toMatchObject({ code: 0, out: "--from\nstdin\n" })
    const empty = await run(home, ["dispatch", "--wait", "--agent", "echo", "-"], { stdin: "\n" })
    expect(empty).toMatchObject({
      code: 2,
      out: "",
      err: "hub: The prompt on stdin is empty. Say what to do.\n",
    })
  })

  test("that looks like a flag without -- is told how to be a prompt", async () => {
    const message = await refused(home, 2, ["dispatch", "--agent", "echo", "--fix-it"])
    expect(message).toContain("Unknown flag --fix-it")
    expect(message).toContain("If what starts with a dash is it, put -- before it.")
  })
})

describe("usage", () => {
  const wrong: ReadonlyArray<readonly [args: ReadonlyArray<string>, said: string]> = [
    [["frob"], 'Unknown command "frob"'],
    [["runs", "shw"], "Did you mean runs show?"],
    [["dispatch"], "PROMPT is missing."],
    [["dispatch", "--agent", "echo", "a", "b"], 'Too many arguments: "b"'],
    [["dispatch", "--agent", "echo", "--wait=perhaps", "a"], "--wait is a switch"],
    [["dispatch", "--agent", "echo", "--agent", "x", "a"], "--agent is given twice"],
    [["runs", "list", "--limit", "many"], "--limit"],
    [["runs", "list", "--state", "done"], "succeeded"],
    [["runs", "show", "nope-nope"], 'no run "nope-nope"'],
    [["runs", "cancel", "nope-nope"], 'no run "nope-nope"'],
    [["why", "nope-nope"], 'no run "nope-nope"'],
    [["pipeline", "plan", "nope"], 'no pipeline "nope"'],
    [["completion", "tcsh"], "bash"],
  ]

  test("that is wrong ends with 2 and says what to do", async () => {
    const found = await Promise.all(wrong.map(([args]) => refused(home, 2, args)))
    for (const [index, [, said]] of wrong.entries()) expect(found[index]).toContain(said)
  })
})

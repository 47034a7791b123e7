/** Agents that write much, or what is no text: all of it is kept, byte for byte, and the hub stays small. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { ensureBuilt } from "../bin/binary.ts"
import { agent, documentOf, type Home, makeHome, run, Server } from "./support/hub.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(120_000)

const megabyte = 1_000_000

/** What each agent writes: the shell that does, and how many bytes it is. */
const writers = {
  much: {
    script: `yes 0123456789abcdef | head -c ${200 * megabyte}; echo the end`,
    bytes: 200 * megabyte + 8,
  },
  line: {
    script: `head -c ${50 * megabyte} /dev/zero | tr '\\0' x; echo; echo the end`,
    bytes: 50 * megabyte + 9,
  },
  utf8: { script: `printf 'a\\377\\376b\\303('; printf '\\nthe end\\n'`, bytes: 15 },
  nul: { script: `printf 'a\\000b\\000\\nthe end\\n'`, bytes: 13 },
  cr: { script: `printf 'one\\rtwo\\rthe end\\r'`, bytes: 16 },
  unfinished: { script: `printf 'the end'`, bytes: 7 },
  stderr: { script: `head -c ${20 * megabyte} /dev/zero >&2; echo the end`, bytes: 8 },
} as const
type Writer = keyof typeof writers

let home: Home
let server: Server

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  const carried = `[plugin.argument]
use = "agent-command"
[plugin.argument.config]
program = "sh"
args = ["-c", "printf %s \\"$1\\" | cksum", "sh", "{{ prompt }}"]
prompt = "argument"
[plugin.file]
use = "agent-command"
[plugin.file.config]
program = "cksum"
args = ["{{ prompt_file }}"]
prompt = "file"
`
  const agents = Object.entries(writers).map(([id, { script }]) => agent(id, script))
  home = makeHome({ "hub/plugins.toml": `${agents.join("")}${agent("stdin", "cksum")}${carried}` })
  server = new Server(home)
  await server.initialize()
})

afterAll(async () => {
  expect(await server.close()).toBe(0)
  home.remove()
})

interface View {
  readonly run_id: string
  readonly state: string
  readonly answer: string
  readonly answer_ref?: { readonly file: string; readonly bytes: number }
  readonly attempts: ReadonlyArray<{ readonly state: string }>
}

const ended = async (name: string, prompt = "go"): Promise<View> => {
  const { run_id } = await server.tool<{ run_id: string }>("dispatch", {
    agent: name,
    cwd: home.path,
    prompt,
  })
  return server.tool<View>("check_dispatch", { run_id, wait_seconds: 120 })
}

const spool = (run_id: string, stream: "out" | "err"): string =>
  path.join(home.path, "hub/runs", run_id, "1", stream)

const highWater = (): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${server.child.pid}/status`, "utf8"))?.[1]) / 1000

const sum = (file: string): string => createHash("sha256").update(fs.readFileSync(file)).digest("hex")

describe("what an agent writes", () => {
  for (const name of Object.keys(writers) as ReadonlyArray<Writer>)
    test(`${name}: the run succeeds, the spool holds every byte, the answer is the tail`, async () => {
      const { script, bytes } = writers[name]
      const before = highWater()
      const view = await ended(name)
      expect(view.state).toBe("succeeded")
      const file = spool(view.run_id, "out")
      expect(fs.statSync(file).size).toBe(bytes)
      const straight = path.join(home.path, `${name}.straight`)
      expect(
        await Bun.spawn(["sh", "-c", script], { stdout: Bun.file(straight), stderr: "ignore" }).exited,
      ).toBe(0)
      expect(sum(file)).toBe(sum(straight))
      fs.rmSync(straight)
      expect(view.answer.trimEnd()).toEndWith("the end")
      expect(Buffer.byteLength(view.answer)).toBeLessThanOrEqual(65_536)
      // Less than it writes, with room for a collector that comes late.
      expect(highWater() - before).toBeLessThan(150)
      if (bytes > 65_536)
        expect({
          ...view.answer_ref,
          file: path.join(home.path, "hub", view.answer_ref?.file ?? ""),
        }).toMatchObject({ file, bytes })
      if (name === "stderr") expect(fs.statSync(spool(view.run_id, "err")).size).toBe(20 * megabyte)
      fs.rmSync(file)
    })
})

describe("a prompt of 2 MB", () => {
  const prompt = `${"0123456789 ü\n".repeat(143_000)}the end`

  const checksum = async (): Promise<string> => {
    const program = Bun.spawn(["cksum"], { stdin: new TextEncoder().encode(prompt), stdout: "pipe" })
    return (await new Response(program.stdout).text()).trim().split(" ").slice(0, 2).join(" ")
  }

  test("reaches a program through stdin and through a file, from MCP and from the command line", async () => {
    expect(Buffer.byteLength(prompt)).toBeGreaterThan(2 * megabyte)
    const wanted = await checksum()
    for (const name of ["stdin", "file"]) {
      const view = await ended(name, prompt)
      expect({ state: view.state, sum: view.answer.split(" ").slice(0, 2).join(" ") }).toEqual({
        state: "succeeded",
        sum: wanted,
      })
    }
    const typed = await run(home, ["dispatch", "--wait", "--json", "--agent", "stdin", "-"], {
      stdin: prompt,
    })
    expect(documentOf<View>(typed).answer.startsWith(wanted)).toBe(true)
  })

  test("that argv cannot carry is refused in a sentence that says what to do", async () => {
    const long = await run(home, ["dispatch", "--wait", "--json", "--agent", "argument", "-"], {
      stdin: prompt,
    })
    const { attempts, failure, state } = documentOf<
      View & { readonly failure: { readonly class: string; readonly message: string } }
    >(long)
    expect({ code: long.code, state }).toEqual({ code: 1, state: "failed" })
    expect(failure.message).toContain("120 KB")
    expect(failure.message).toContain("prompt")
    expect(attempts.length).toBeLessThanOrEqual(1)
    expect((await ended("argument", "x".repeat(100_000))).state).toBe("succeeded")
  })
})

/** Signals and clients that go away: the hub ends cleanly, the work goes on and is delivered. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { binary, ensureBuilt } from "../bin/binary.ts"
import { processesOf } from "../core/testing/processes.ts"
import {
  agent,
  documentOf,
  environment,
  type Home,
  makeHome,
  run,
  say,
  Server,
  until,
} from "./support/hub.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(120_000)

let home: Home

const at = (name: string): string => path.join(home.path, name)

/** Notes each start, and answers once the file of that name exists. */
const gated =
  'prompt=$(cat); echo "$prompt" >> starts; while [ ! -e "$prompt" ]; do sleep 0.05; done; echo "done: $prompt"'

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({ "hub/plugins.toml": agent("gated", gated) })
})

afterAll(() => home.remove())

const starts = (prompt: string): number =>
  fs.existsSync(at("starts"))
    ? fs
        .readFileSync(at("starts"), "utf8")
        .split("\n")
        .filter((line) => line === prompt).length
    : 0

const begun = (prompt: string) => until(`the start of ${prompt}`, () => starts(prompt) > 0 || undefined)

const serving = async (): Promise<Server> => {
  const server = new Server(home)
  await server.initialize()
  return server
}

const dispatched = async (server: Server, prompt: string): Promise<string> => {
  const { run_id } = await server.tool<{ run_id: string }>("dispatch", {
    agent: "gated",
    cwd: home.path,
    prompt,
  })
  await begun(prompt)
  return run_id
}

/** The next hub delivers what the last one left, and nothing ran twice. */
const delivered = async (run_id: string, prompt: string): Promise<void> => {
  fs.writeFileSync(at(prompt), "")
  const server = await serving()
  expect(await server.tool("check_dispatch", { run_id, wait_seconds: 30 })).toMatchObject({
    state: "succeeded",
    answer: `done: ${prompt}`,
    attempts: [{ attempt: 1, state: "succeeded" }],
  })
  expect(starts(prompt)).toBe(1)
  expect(await server.close()).toBe(0)
  expect(processesOf([run_id])).toEqual([])
}

describe("serve", () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    test(`${signal}: ends with 0, the agent works on, the next hub delivers its answer`, async () => {
      const server = await serving()
      const run_id = await dispatched(server, signal)
      await server.kill(signal)
      expect(server.child.exitCode).toBe(0)
      expect(server.stderr).toBe("")
      expect(processesOf([run_id])).not.toEqual([])
      await delivered(run_id, signal)
    })

  test("a client that closes stdin: ends with 0, a successor goes on without anybody", async () => {
    const server = await serving()
    const run_id = await dispatched(server, "eof")
    expect(await server.close()).toBe(0)
    fs.writeFileSync(at("eof"), "")
    const { state } = await until("the end of the run", async () => {
      const view = documentOf<{ state: string }>(await run(home, ["runs", "show", run_id, "--json"]))
      return view.state === "running" ? undefined : view
    })
    expect(state).toBe("succeeded")
    expect(starts("eof")).toBe(1)
  })

  test("a client that is gone without a word: ends by itself, and the work is delivered", async () => {
    // `head` is the client: it goes away after the first answer, while stdin stays open.
    const shell = Bun.spawn(
      ["bash", "-c", `"${binary}" serve --stdio --standalone | head -n 1; echo "$PIPESTATUS"`],
      {
        cwd: home.path,
        env: environment(home),
        stdin: "pipe",
        stdout: "pipe",
        stderr: "pipe",
      },
    )
    const send = (id: number, method: string, params: unknown): void =>
      say(shell.stdin, JSON.stringify({ jsonrpc: "2.0", id, method, params }))
    const clientInfo = { name: "test", version: "1" }
    send(1, "initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo })
    send(2, "tools/call", { name: "dispatch", arguments: { agent: "gated", cwd: home.path, prompt: "pipe" } })
    await begun("pipe")
    send(3, "tools/list", {})
    const [out, err] = await Promise.all([
      new Response(shell.stdout).text(),
      new Response(shell.stderr).text(),
    ])
    expect({ last: out.trim().split("\n").at(-1), err }).toEqual({ last: "0", err: "" })
    const { runs } = documentOf<{ runs: ReadonlyArray<{ run_id: string; prompt: string }> }>(
      await run(home, ["runs", "list", "--json"]),
    )
    await delivered(runs.find(({ prompt }) => prompt === "pipe")?.run_id ?? "", "pipe")
  })
})

describe("dispatch --wait", () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)
    test(`${signal}: ends with ${code}, says how to see the run, which goes on`, async () => {
      const prompt = `wait-${signal}`
      const child = Bun.spawn([binary, "dispatch", "--wait", "--verbose", "--agent", "gated", prompt], {
        cwd: home.path,
        env: environment(home),
        stdout: "pipe",
        stderr: "pipe",
      })
      let err = ""
      const decoder = new TextDecoder()
      const reading = (async () => {
        for await (const piece of child.stderr) err += decoder.decode(piece, { stream: true })
      })()
      await begun(prompt)
      // What happens in the run is told by one who heeds signals. The agent may be there before that.
      await until("the command to follow the run", () => err.includes("started") || undefined)
      child.kill(signal)
      const [out] = await Promise.all([new Response(child.stdout).text(), reading])
      expect({ code: await child.exited, out }).toEqual({ code, out: "" })
      const run_id = /hub runs show (\S+?)\./.exec(err)?.[1] ?? ""
      expect(err).toContain(`hub runs cancel ${run_id}`)
      fs.writeFileSync(at(prompt), "")
      const { answer } = await until("the end of the run", async () => {
        const view = documentOf<{ state: string; answer?: string }>(
          await run(home, ["runs", "show", run_id, "--json"]),
        )
        return view.state === "running" ? undefined : view
      })
      expect(answer).toBe(`done: ${prompt}`)
      expect(starts(prompt)).toBe(1)
    })
})

test("a reader that has enough ends the command quietly", async () => {
  for (const command of [
    "runs list",
    "agents --json",
    "pipelines",
    "--help",
    "dispatch --wait --agent gated SIGTERM",
  ]) {
    const shell = Bun.spawn(["bash", "-c", `set -o pipefail; "${binary}" ${command} | head -c 0`], {
      cwd: home.path,
      env: environment(home),
      stdout: "pipe",
      stderr: "pipe",
    })
    const [out, err] = await Promise.all([
      new Response(shell.stdout).text(),
      new Response(shell.stderr).text(),
    ])
    expect({ command, code: await shell.exited, out }).toEqual({ command, code: 0, out: "" })
    expect(err).not.toMatch(/EPIPE|[Bb]roken pipe|error/)
  }
})

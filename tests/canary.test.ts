/**
 * Secrets go in and do not come out: not in a file of the home, an event, the log, what a command prints, or what is answered
 * over MCP and HTTP. The log is kept with every call in it.
 *
 * Two places may hold them. `secrets/` is where they come from. The spool, `runs/<run>/<attempt>/out` and `err`, is the
 * agent's own output, kept byte for byte so that it can be read again after a restart; it is open to its owner alone,
 * which is tried here.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { ensureBuilt } from "../bin/binary.ts"
import { agent, documentOf, type Home, makeHome, run, Server } from "./support/hub.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(300_000)

/** Known to the hub: one as a file of `secrets/`, two as variables that a plugin's process is handed. */
const known = {
  file: "canary-file-0d7c2f9b4e",
  python: "canary-python-5a61c3e8d2",
  typescript: "canary-typescript-93bb0e17af",
}

/** Known to nobody, but of a form that keys have. Made here, so that no scanner takes this file for a leak. */
const formats = {
  anthropic: ["sk", "ant", "api03", "Canary0123456789abcdefghij"].join("-"),
  github: `ghp_${"Canary0123456789abcdefghij"}`,
  bearer: "CanaryBearer0123456789abcdef",
  jwt: ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJjYW5hcnkifQ", "Q2FuYXJ5U2lnbmF0dXJl"].join("."),
}

/** Part of an answer about code: it has the form of a key, and an answer is given as it was said. */
const example = `ghp_${"Example0123456789abcdefghij"}`

/** Of the form of a token of the hub, but none. */
const forged = `hub_${"Canary0123456789-_abcdefghijklmnopqrstuvwxyzA"}`.slice(0, 47)

const canaries = [...Object.values(known), ...Object.values(formats), forged]

const acme = `
import { Effect, Redacted, Schema } from "effect"
import { Events, Operation, Plugin, Runs, Secrets } from "hub/plugin"

export default Plugin.define({
  id: "acme",
  summary: "Tells its key to everyone.",
  config: Schema.Struct({}),
  setup: () =>
    Effect.succeed({
      operations: [
        Operation.make({
          name: "acme_tell",
          summary: "Tells its key.",
          input: Schema.Struct({ as: Schema.Literals(["expected", "bug", "event"]) }),
          output: Schema.Struct({ told: Schema.Boolean }),
          readonly: false,
          run: Effect.fnUntraced(function* ({ as }) {
            const key = Redacted.value(yield* Effect.orDie((yield* Secrets).get("ACME_KEY")))
            yield* Effect.logError("the key is " + key, { key })
            if (as === "bug") return yield* Effect.die(new Error("broke over " + key))
            if (as === "expected")
              return yield* new Operation.OperationFailed({
                code: "denied",
                message: "Acme refused " + key,
                details: { key, [key]: [key] },
              })
            const [newest] = yield* Effect.orDie((yield* Runs).list(1))
            const data = { key, [key]: { deep: [key] } }
            yield* Effect.orDie((yield* Events).append(newest.run_id, [{ type: "acme_told", data }]))
            return { told: true }
          }),
        }),
      ],
    }),
})
`

/** Fails its operation, and then, asked to, ends: its stderr is the reason that is told. */
const python = `
import json, os, sys
key = os.environ["SNAKE_KEY"]
print("starting with", key, file=sys.stderr, flush=True)
for line in sys.stdin:
    message = json.loads(line)
    method = message.get("method")
    reply = lambda **more: print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **more}), flush=True)
    if method == "initialize":
        reply(result={"protocol": 1, "id": "snake", "summary": "Hisses its key."})
    elif method == "setup":
        empty = {"type": "object", "properties": {}, "additionalProperties": False}
        reply(result={"operations": [
            {"name": "snake_fail", "summary": "Fails.", "input": empty, "readonly": False},
            {"name": "snake_break", "summary": "Breaks.", "input": empty, "readonly": False},
            {"name": "snake_end", "summary": "Ends.", "input": empty, "readonly": False},
        ]})
    elif method == "operation.run" and message["params"]["operation"] == "snake_fail":
        data = {"_tag": "OperationFailed", "code": "denied", "message": "refused " + key, "details": {"key": key}}
        reply(error={"code": -32000, "message": "refused " + key, "data": data})
    elif method == "operation.run" and message["params"]["operation"] == "snake_break":
        reply(error={"code": -32603, "message": "broke over " + key})
    elif method == "operation.run":
        print("dying over", key, file=sys.stderr, flush=True)
        os._exit(3)
    elif method == "shutdown":
        break
`

const gopher = `
import { Effect, Schema } from "effect"
import { Plugin } from "hub/plugin"
console.error("starting with", process.env.GOPHER_KEY)
export default Plugin.define({
  id: "gopher",
  summary: "Never starts.",
  config: Schema.Struct({}),
  setup: () => Effect.die(new Error("no burrow for " + process.env.GOPHER_KEY)),
})
`

const spoken = [
  known.file,
  formats.anthropic,
  formats.github,
  `Authorization: Bearer ${formats.bearer}`,
  formats.jwt,
  forged,
]

const say = spoken.map((text) => `echo '${text}'; echo 'warning: ${text}' >&2`).join("; ")

const toml = `
[serve]
http = true
port = 0
${agent("talker", `${say}; exit 3`)}
${agent("teller", `echo 'the key is ${known.file}, in the manual it is ${example}'`)}
${agent("refused", `echo 'limit reached for ${known.file} with ${formats.anthropic}' >&2; exit 1`, '[[plugin.refused.config.failure]]\nclass = "auth"\nmatches = "limit reached for .*"\n')}
[plugin.acme]
use = "./acme.ts"
[plugin.snake]
use = "./snake.py"
isolation = "process"
command = ["python3", "snake.py"]
env = ["SNAKE_KEY"]
[plugin.gopher]
use = "./gopher.ts"
isolation = "process"
env = ["GOPHER_KEY"]
`

const pipeline = `
description = "Asks two in turn."
run = ["write"]
[step.write]
type = "fallback"
try = ["talker", "teller"]
[step.talker]
type = "agent"
agent = "talker"
prompt = "go"
[step.teller]
type = "agent"
agent = "teller"
prompt = "go"
`

const env = { SNAKE_KEY: known.python, GOPHER_KEY: known.typescript, HUB_LOG: "debug" }

let home: Home
/** Everything that came out of a command or of MCP. */
const said: Array<readonly [what: string, text: string]> = []

const command = async (...args: ReadonlyArray<string>) => {
  const done = await run(home, args, { env })
  said.push([`hub ${args.join(" ")}`, done.out], [`hub ${args.join(" ")}, stderr`, done.err])
  return done
}

/** Asks the daemon over HTTP. What comes back is kept, with its headers. */
const over = async (url: string, what: string, init: RequestInit) => {
  const reply = await fetch(`${url}${what}`, init)
  const body = await reply.text()
  said.push([`HTTP ${what}`, `${JSON.stringify([...reply.headers])}\n${body}`])
  return { status: reply.status, body }
}

const json = { "content-type": "application/json", accept: "application/json, text/event-stream" }

/** Everything that a client with a token may ask for, and what one without asks in vain. */
const overHttp = async (url: string, token: string, run_id: string) => {
  const headers = { ...json, authorization: `Bearer ${token}` }
  const ask = (what: string, input: unknown, more: Readonly<Record<string, string>> = {}) =>
    over(url, what, { method: "POST", headers: { ...headers, ...more }, body: JSON.stringify(input) })

  expect((await ask("/api/acme_tell", { as: "event" })).body).toContain('"told":true')
  expect((await ask("/api/acme_tell", { as: "expected" })).body).toContain("Acme refused [redacted]")
  expect((await ask("/api/acme_tell", { as: "bug" })).body).toContain("broke over [redacted]")
  // It has ended a few times by now, and need not be back.
  await ask("/api/snake_fail", {})
  for (const name of ["list_plugins", "list_dispatches", "hub_status", "token_list", "inspect"])
    expect((await ask(`/api/${name}`, {})).status).toBe(200)
  const events = await over(url, `/api/runs/${run_id}/events`, {
    headers: { ...headers, accept: "text/event-stream" },
  })
  expect(events.body).toContain("run_failed")
  for (const page of ["/openapi.json", "/livez", "/readyz"]) await over(url, page, { headers })

  const initialize = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "canary", version: "1" } },
  }
  const opened = await fetch(`${url}/mcp`, { method: "POST", headers, body: JSON.stringify(initialize) })
  const session = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" }
  await opened.text()
  const call = {
    jsonrpc: "2.0",
    id: 2,
    method: "tools/call",
    params: { name: "acme_tell", arguments: { as: "expected" } },
  }
  expect((await ask("/mcp", call, session)).body).toContain("Acme refused [redacted]")

  for (const authorization of [`Bearer ${forged}`, `bearer ${forged}x`, `Basic ${btoa(forged)}`, forged]) {
    const wrong = await ask("/api/list_dispatches", {}, { authorization })
    expect(wrong.status).toBe(401)
    expect((await ask("/mcp", initialize, { authorization })).status).toBe(401)
  }
  await over(url, `/api/list_dispatches?token=${token}`, { method: "POST", headers: json, body: "{}" })
  await over(url, `/api/${token}`, { method: "POST", headers: json, body: `{"token": "${token}"` })
}

const leaksIn = (what: string, text: string): ReadonlyArray<string> =>
  canaries.filter((canary) => text.includes(canary)).map((canary) => `${what}: ${canary}`)

const filesBelow = (folder: string): ReadonlyArray<string> =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))

const spool = /^runs\/[^/]+\/[^/]+\/(?:out|err)$/
/** What this test wrote there itself. */
const sources = new Set(["plugins.toml", "secrets/ACME_KEY"])

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({
    "hub/plugins.toml": toml,
    "hub/acme.ts": acme,
    "hub/snake.py": python,
    "hub/gopher.ts": gopher,
    "hub/pipelines/both.toml": pipeline,
    "hub/secrets/ACME_KEY": `${known.file}\n`,
  })
})

afterAll(() => home.remove())

test("a hub that is told its secrets by everyone tells nobody", async () => {
  const server = new Server(home, ["--verbose"], env)
  await server.initialize()
  const ask = async (name: string, args: unknown = {}) => {
    const reply = await server.request("tools/call", { name, arguments: args })
    said.push([`MCP ${name}`, JSON.stringify(reply)])
    return JSON.stringify(reply)
  }
  const ended = async (request: object) => {
    const { run_id } = await server.tool<{ run_id: string }>("dispatch", {
      cwd: home.path,
      prompt: "go",
      ...request,
    })
    return { run_id, reply: await ask("check_dispatch", { run_id, wait_seconds: 60 }) }
  }

  const talker = await ended({ agent: "talker" })
  expect(talker.reply).toContain("[redacted]")
  expect((await ended({ agent: "refused" })).reply).toContain("limit reached for [redacted]")
  const teller = await ended({ agent: "teller" })
  expect(teller.reply).toContain(`the key is [redacted], in the manual it is ${example}`)
  const both = await ended({ pipeline: "both" })
  expect(both.reply).toContain("the key is [redacted]")

  expect(await ask("acme_tell", { as: "event" })).toContain('"told":true')
  expect(await ask("acme_tell", { as: "expected" })).toContain("Acme refused [redacted]")
  expect(await ask("acme_tell", { as: "bug" })).toContain("broke over [redacted]")
  expect(await ask("snake_fail")).toContain("refused [redacted]")
  expect(await ask("snake_break")).toContain("broke over [redacted]")
  expect(await ask("snake_end")).toContain("dying over [redacted]")
  for (const name of ["list_plugins", "inspect", "list_agents", "list_dispatches", "why"]) await ask(name)
  for (const { run_id } of [talker, both]) expect(await ask("run_events", { run_id })).not.toContain(example)
  expect(await server.close()).toBe(0)
  said.push(["serve, stderr", server.stderr])

  for (const json of [[], ["--json"]]) {
    const failed = await command("dispatch", "--agent", "talker", "--wait", "go", ...json)
    expect(failed.code).toBe(1)
    expect((await command("acme-tell", "--as", "expected", ...json)).code).not.toBe(0)
    await command("acme-tell", "--as", "bug", ...json)
    await command("snake-fail", ...json)
    await command("snake-end", ...json)
    expect((await command("plugins", ...json)).out).toContain("no burrow for [redacted]")
    await command("doctor", ...json)
    await command("check", ...json)
    for (const { run_id } of [talker, both])
      for (const about of [["runs", "show"], ["runs", "events"], ["why"]])
        await command(...about, run_id, ...json)
    await command("pipeline", "plan", "both", ...json)
    await command("pipeline", "replay", both.run_id, ...json)
    await command("runs", "list", ...json)
  }
  await command("--verbose", "acme-tell", "--as", "expected")

  const made = await run(home, ["token", "create", "canary", "--scope", "admin"], { env })
  const [token = ""] = made.out.split("\n")
  expect(token).toMatch(/^hub_[\w-]{43}$/)
  canaries.push(token)
  const { http } = documentOf<{ http: { url: string } }>(await command("status", "--json"))
  await overHttp(http.url, token, talker.run_id)
  await command("token", "list")
  await command("token", "revoke", "canary")
  expect(
    (
      await over(http.url, "/api/hub_status", {
        method: "POST",
        headers: { ...json, authorization: `Bearer ${token}` },
      })
    ).status,
  ).toBe(401)
  const log = await command("logs", "-n", "100000", "--component", "edge", "--level", "debug")
  expect(log.out).toContain("operation=acme_tell")
  await command("logs", "-n", "100000", "--json")
  expect((await command("stop")).code).toBe(0)

  expect(said.flatMap(([what, text]) => leaksIn(what, text))).toEqual([])

  const folder = path.join(home.path, "hub")
  const files = filesBelow(folder)
  expect(files).toContain("hub.db")
  expect(files).toContain("logs/hub.log")
  const searched = files.filter((file) => !spool.test(file) && !sources.has(file))
  const read = (file: string) => fs.readFileSync(path.join(folder, file), "latin1")
  expect(searched.flatMap((file) => leaksIn(file, read(file)))).toEqual([])

  // The search would find them: the spool has each one, and nobody else may read it.
  const spooled = files.filter((file) => spool.test(file))
  for (const canary of [known.file, ...Object.values(formats)])
    expect(spooled.some((file) => read(file).includes(canary))).toBe(true)
  for (const file of spooled) expect(fs.statSync(path.join(folder, file)).mode & 0o777).toBe(0o600)
})

/** What the documents say is so: their code compiles and runs, their TOML is valid, their links and commands exist. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test"
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { ElicitRequestSchema, ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js"
import { ensureBuilt } from "../bin/binary.ts"
import { type Finished, type Home, makeHome, run, Server, until } from "./support/hub.ts"
import { broken, commands, fences, missing, page, pages, root } from "./support/markdown.ts"
import { serveHttp } from "./support/serve.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(120_000)

const folder = join(root, "docs/examples")
const examples = [...new Bun.Glob("**/*.ts").scanSync({ cwd: folder })].sort()
const textOf = (name: string) => readFileSync(join(folder, name), "utf8")

/** Acme Coder, as docs/examples/acme.ts knows it. */
const acme = `#!/bin/sh
prompt=$(cat)
echo "Acme 2.4"
echo '{"type":"text","text":"thinking"}'
echo "{\\"type\\":\\"done\\",\\"text\\":\\"$* said: $prompt\\"}"
`
const poor = `#!/bin/sh
echo '{"type":"error","code":402,"message":"no credit left"}'
exit 1
`

const plugins = (home: Home, url: string) => `
[plugin.greeting]
use = "./greeting.ts"

[plugin.greeting.config]
word = "good morning"

[plugin.acme]
use = "./acme.ts"

[plugin.acme.config]
program = "${home.path}/bin/acme"
model = "acme-large"

[plugin.poor]
use = "./acme.ts"

[plugin.poor.config]
program = "${home.path}/bin/poor"

[plugin.save]
use = "./save.ts"

[plugin.branch]
use = "./branch.ts"

[plugin.ledger]
use = "./ledger.ts"
isolation = "worker"

[plugin.notes]
use = "./notes.ts"
isolation = "worker"

[plugin.report]
use = "./step-report"

[plugin.status]
use = "./status.ts"

[plugin.status.config]
url = "${url}"
every = "50 millis"
`

const script = (home: Home, name: string, text: string) => {
  home.write(`bin/${name}`, text)
  chmodSync(join(home.path, "bin", name), 0o700)
}

let vendor = 200
const page_of_vendor = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: () => new Response("", { status: vendor }),
})
const home = makeHome()
afterAll(async () => {
  await page_of_vendor.stop(true)
  home.remove()
})

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  script(home, "acme", acme)
  script(home, "poor", poor)
  home.write("hub/plugins.toml", plugins(home, page_of_vendor.url.href))
  cpSync(folder, join(home.path, "hub"), { recursive: true })
})

const json = ({ code, err, out }: Finished) => {
  if (out === "") throw new Error(`exit ${code}: ${err}`)
  return JSON.parse(out) as Record<string, unknown>
}

/** By the folder's own settings, from elsewhere. */
const compiles = async (project: string): Promise<void> => {
  const tsc = Bun.spawn([process.execPath, "--bun", join(root, "node_modules/.bin/tsc"), "-p", project], {
    cwd: "/",
    stdout: "pipe",
  })
  expect(await tsc.stdout.text()).toBe("")
  expect(await tsc.exited).toBe(0)
}

describe("the code", () => {
  test.each(pages.map(({ file }) => file))("in %s is a piece of an example", (file) => {
    const texts = examples.map(textOf)
    const others = fences(page(file), "ts").filter(({ text }) => !texts.some((all) => all.includes(text)))
    expect(others).toEqual([])
  })

  test("of every example is shown somewhere", () => {
    const shown = pages.flatMap((one) => fences(one, "ts"))
    // The folder's own file is linked beside its test.
    const hidden = examples.filter((name) => !shown.some(({ text }) => textOf(name).includes(text)))
    expect(hidden).toEqual(["step-report/index.ts"])
  })

  test("compiles with the types that the program writes", async () => {
    const made = await run(home, ["plugin", "new", "step-types", "--into", home.path])
    expect(made.code, made.err).toBe(0)
    const author = join(home.path, "step-types")
    for (const name of examples.filter((one) => !one.includes("/")))
      cpSync(join(folder, name), join(author, name))
    cpSync(join(folder, "step-report/index.ts"), join(author, "index.ts"))
    cpSync(join(folder, "step-report/index.test.ts"), join(author, "index.test.ts"))
    await compiles(author)
  })
})

describe("the plugins of docs/write-a-plugin.md", () => {
  const work = () => join(home.path, "work")
  let server: Server
  beforeAll(async () => {
    mkdirSync(work())
    Bun.spawnSync(["git", "init", "-q", "-b", "main", "."], { cwd: work() })
    const pipelines = fences(page("docs/write-a-plugin.md"), "toml").filter(({ text }) =>
      /^run = /m.test(text),
    )
    expect(pipelines.length).toBe(1)
    home.write("hub/pipelines/kept.toml", pipelines[0]?.text ?? "")
    home.write("hub/pipelines/reported.toml", reported)
    server = new Server(home)
    await server.initialize()
  })
  afterAll(async () => {
    await server.close()
  })

  const reported = `
run = ["list"]

[input.task]
type = "string"
required = true

[step.list]
type = "report"
of = "{{ input.task }}"
when = { vendor_up = true }
`
  const hub = (...args: ReadonlyArray<string>) => run(home, args, { cwd: work() })

  test("all start", async () => {
    const listed = () =>
      server.tool<{ plugins: Array<{ instance: string; state: string }> }>("list_plugins", {})
    const plugins = await until("the last one's start", async () => {
      const { plugins } = await listed()
      return plugins.some(({ state }) => state === "starting") ? undefined : plugins
    })
    expect(plugins.filter(({ state }) => state !== "ready")).toEqual([])
    expect(plugins).toHaveLength(9)
  })

  test("the operation is a command and a tool", async () => {
    expect(await hub("greet", "--name", "you")).toMatchObject({ code: 0, out: "text  good morning, you\n" })
    expect(await server.tool("greet", { name: "you" })).toEqual({ text: "good morning, you" })
  })

  test("the agent answers a dispatch", async () => {
    const done = json(await hub("dispatch", "--agent", "acme", "--wait", "--json", "say hello"))
    expect(done).toMatchObject({
      state: "succeeded",
      answer: "run --json --model acme-large said: say hello",
    })
  })

  test("the agent's refusal is a class, and the next one takes over", async () => {
    const done = json(
      await hub("dispatch", "--agent", "poor", "--fallback", "acme", "--wait", "--json", "go"),
    )
    expect(done).toMatchObject({
      state: "succeeded",
      attempts: [
        { agent: "poor", state: "failed", failure: { class: "quota_exhausted", message: "no credit left" } },
        { agent: "acme", state: "succeeded" },
      ],
    })
  })

  test("the condition decides, and the step kind writes", async () => {
    const done = json(await hub("dispatch", "--pipeline", "kept", "--wait", "--json", "keep me"))
    expect(done).toMatchObject({ state: "succeeded", answer: join(work(), "notes/answer.md") })
    expect(readFileSync(join(work(), "notes/answer.md"), "utf8")).toEndWith("said: keep me")
    Bun.spawnSync(["git", "symbolic-ref", "HEAD", "refs/heads/other"], { cwd: work() })
    const plan = await hub("pipeline", "plan", "kept")
    expect(plan.out).toContain("the folder is on other")
  })

  test("the condition that watches a page sees it go down and come back", async () => {
    const plan = async () => (await hub("pipeline", "plan", "reported")).out
    expect(await plan()).toContain(": up")
    const said = async (state: string): Promise<string> => {
      const text = await plan()
      return text.includes(state) ? text : said(state)
    }
    vendor = 503
    await said("answers with 503")
    vendor = 200
    await said(": up")
    const done = json(await hub("dispatch", "--pipeline", "reported", "--wait", "--json", "one\n\n two"))
    expect(done).toMatchObject({ state: "succeeded", answer: "Report\n- one\n- two" })
  })

  test("the sink receives, and its tables are asked", async () => {
    interface Ledger {
      readonly rows: ReadonlyArray<{ agent: string; outcome: string; count: number }>
    }
    const counted = async (): Promise<Ledger> => {
      const ledger = await server.tool<Ledger>("ledger", { agent: "poor" })
      return ledger.rows.length > 0 ? ledger : counted()
    }
    expect(await counted()).toEqual({ rows: [{ agent: "poor", outcome: "quota_exhausted", count: 1 }] })
  })

  test("the operation that asks is told where nobody can be asked", async () => {
    const asked = await hub("note-add", "--notes", "use tabs")
    expect(asked).toMatchObject({ code: 4, err: expect.stringMatching(/only an MCP client can answer/) })
    const added = await hub("note-add", "--notes", "use tabs", "--topic", "style")
    expect(added).toMatchObject({ code: 0, out: "style has 1 notes now\n" })
    expect((await hub("plugin", "info", "notes")).out).toContain("(dispatch; cli, mcp)")
  })

  test("the resource is read, the prompt is rendered, and both complete", async () => {
    const resultOf = async (method: string, params: unknown) => (await server.request(method, params)).result
    expect(await resultOf("resources/read", { uri: "notes://style" })).toMatchObject({
      contents: [{ mimeType: "text/plain", text: "use tabs" }],
    })
    expect(await resultOf("prompts/get", { name: "recall", arguments: { topic: "style" } })).toMatchObject({
      messages: [{ content: { type: "text" } }, { content: { resource: { text: "use tabs" } } }],
    })
    for (const [ref, name] of [
      [{ type: "ref/prompt", name: "recall" }, "topic"],
      [{ type: "ref/resource", uri: "notes://{topic}" }, "topic"],
    ] as const)
      expect(await resultOf("completion/complete", { ref, argument: { name, value: "st" } })).toMatchObject({
        completion: { values: ["style"] },
      })
  })

  test("the folder passes the suite of its kind and its own tests", async () => {
    const tested = await hub("plugin", "test", join(folder, "step-report"))
    expect(tested.out).toContain("index.test.ts: empty lines make no bullet")
    expect(tested.out).toContain("4 passed, 0 failed")
    expect(tested.code).toBe(0)
  })
})

test("the plugin in a worker talks with a client over HTTP, which asks its user and hears of changes", async () => {
  const own = makeHome({ "hub/plugins.toml": `[plugin.notes]\nuse = "./notes.ts"\nisolation = "worker"\n` })
  cpSync(join(folder, "notes.ts"), join(own.path, "hub/notes.ts"))
  const daemon = await serveHttp(own)
  const client = new Client({ name: "test", version: "1" }, { capabilities: { elicitation: {} } })
  try {
    const asked: Array<string> = []
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      asked.push(params.message)
      return { action: "accept", content: { topic: "style" } }
    })
    const changed = Promise.withResolvers<string>()
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) =>
      changed.resolve(params.uri),
    )
    await client.connect(new StreamableHTTPClientTransport(new URL(`${daemon.url}/mcp`)) as never)
    await client.subscribeResource({ uri: "notes://style" })
    const seen: Array<number> = []
    const add = { name: "note_add", arguments: { notes: ["one", "two", "three"] } }
    const added = await client.callTool(add, undefined, {
      onprogress: ({ progress }) => void seen.push(progress),
    })
    expect(added).toMatchObject({
      structuredContent: { topic: "style", count: 3 },
      content: [{ type: "text", text: "style has 3 notes now" }],
    })
    expect(asked).toEqual(["Which topic do these notes belong to?"])
    expect(seen).toEqual([1, 2, 3])
    expect(await changed.promise).toBe("notes://style")
    const answer = await fetch(`${daemon.url}/x/notes/topics/style`)
    expect(await answer.json()).toEqual({ topic: "style", lines: ["one", "two", "three"] })
    const refused = await fetch(`${daemon.url}/api/note_add`, { method: "POST" })
    expect(refused.status).toBe(403)
  } finally {
    await client.close()
    await daemon.stop()
    own.remove()
  }
})

describe("the adapter of docs/write-an-adapter.md", () => {
  const example = join(folder, "agent-ember")

  test("passes the suites that the page names", async () => {
    const { code, out } = await run(home, ["plugin", "test", example])
    for (const line of [
      "early sign",
      "a line of 50 MB",
      "ember, recorded: e429 is rate_limited",
      "ember, probed",
    ])
      expect(out).toContain(line)
    expect(out).not.toContain("FAILED")
    expect(code).toBe(0)
  })

  test("is what one has who follows the page from its beginning to its end", async () => {
    expect((await run(home, ["plugin", "new", "agent-ember", "--into", home.path])).code).toBe(0)
    const author = join(home.path, "agent-ember")
    const shown = page("docs/write-an-adapter.md")
    expect(fences(shown, "sh").map(({ text }) => text)).toContain("rm agent-ember/fixtures/*\n")
    rmSync(join(author, "fixtures"), { recursive: true })
    const named = Map.groupBy(
      fences(shown, "ts", "json", "toml").filter(({ name }) => name !== ""),
      ({ name }) => name,
    )
    for (const [name, pieces] of named)
      home.write(join("agent-ember", name), pieces.map(({ text }) => text).join("\n"))
    const { code, out } = await run(home, ["plugin", "test", author])
    for (const line of [
      "ember, recorded: text answers",
      "ember, recorded: e429 is rate_limited",
      "ember, recorded: e402 is quota_exhausted",
      "a session is gone on with by its id",
    ])
      expect(out).toContain(`ok      index.test.ts: ${line}`)
    expect(out).not.toContain("FAILED")
    expect(code).toBe(0)
    await compiles(author)
  })

  test("answers and fails through the hub, and the doctor knows it", async () => {
    const sample = readFileSync(join(example, "sample.toml"), "utf8")
    const fresh = makeHome({
      "hub/plugins.toml": sample.replace(
        "[plugin.ember.config]",
        "[plugin.ember.config]\nenv = { EMBER_KEY = 'k' }",
      ),
    })
    try {
      cpSync(example, join(fresh.path, "hub/agent-ember"), { recursive: true })
      const fixture = (name: string) => join(example, "fixtures", `${name}.jsonl`)
      script(
        fresh,
        "ember",
        `#!/bin/sh
[ "$1" = --version ] && exec echo "ember 0.4.0"
[ "$2" = --help ] && exec echo "--stream --all --model NAME --session ID"
read -r prompt
[ "$prompt" = wait ] && cat ${fixture("e429")} && exec sleep 600
cat ${fixture("text")}
`,
      )
      const env = { PATH: `${fresh.path}/bin:${process.env["PATH"]}` }
      const hub = (...args: ReadonlyArray<string>) => run(fresh, args, { env })
      const dispatch = async (prompt: string) =>
        json(await hub("dispatch", "--agent", "ember", "--wait", "--json", prompt))
      expect(await dispatch("hello")).toMatchObject({ state: "succeeded", answer: "Hello." })
      expect(await dispatch("wait")).toMatchObject({
        state: "failed",
        attempts: [{ failure: { class: "rate_limited" } }],
      })
      const looked = await hub("doctor", "agents", "ember")
      expect(looked.out).toContain("logged in; newer than 0.3.1, which its adapter was made with")
      expect(looked.out).toContain("`ember run --help` does not list --look")
      expect(looked.code).toBe(1)
    } finally {
      fresh.remove()
    }
  })
})

describe("the README", () => {
  const blocks = fences(page("README.md"), "toml").map(({ text }) => text)
  const block = (part: string) => {
    const found = blocks.filter((text) => text.includes(part))
    expect(found).toHaveLength(1)
    return found[0] ?? ""
  }

  test("describes a plugin and an agent that work as they stand there", async () => {
    const fresh = makeHome({
      "hub/plugins.toml": `${block('use = "agent-command"')}\n${block('use = "./greeting.ts"')}`,
      "hub/greeting.ts": fences(page("README.md"), "ts")[0]?.text ?? "",
    })
    try {
      script(
        fresh,
        "acme",
        `#!/bin/sh\nread -r prompt\n[ "$prompt" = broke ] && exit 75\necho "$1: $prompt"\n`,
      )
      const env = { PATH: `${fresh.path}/bin:${process.env["PATH"]}` }
      const hub = (...args: ReadonlyArray<string>) => run(fresh, args, { env })
      expect(await hub("greet", "--name", "you")).toMatchObject({ code: 0, out: "text  hello, you\n" })
      const dispatch = async (prompt: string) =>
        json(await hub("dispatch", "--agent", "acme", "--wait", "--json", prompt))
      expect(await dispatch("hello")).toMatchObject({ state: "succeeded", answer: "run: hello" })
      expect(await dispatch("broke")).toMatchObject({
        state: "failed",
        attempts: [{ failure: { class: "quota_exhausted" } }],
      })
    } finally {
      fresh.remove()
    }
  })
})

test("pipelines with tests pass them", async () => {
  const files = Object.fromEntries(
    pages
      .flatMap((one) => fences(one, "toml"))
      .filter(({ text }) => text.includes("[[test]]"))
      .map(({ text }, index) => [`hub/pipelines/shown-${index}.toml`, text]),
  )
  const names = Object.keys(files).map((path) => /([^/]+)\.toml$/.exec(path)?.[1] ?? "")
  expect(names.length).toBeGreaterThan(1)
  const fresh = makeHome(files)
  try {
    const { code, err, out } = await run(fresh, ["pipeline", "test", ...names])
    expect(`${out}${err}`).not.toContain("not ok")
    expect(code, `${out}${err}`).toBe(0)
  } finally {
    fresh.remove()
  }
})

test("all TOML passes `hub check`", async () => {
  const files = pages.map(({ file }) => join(root, file))
  const { err, out } = await run(home, ["check", ...files])
  expect(`${out}${err}`).toEndWith(`${files.length} files. No errors.\n`)
})

test.each(pages.map(({ file }) => file))("every link and path in %s leads somewhere", (file) => {
  expect(broken(page(file))).toEqual([])
  expect(missing(page(file))).toEqual([])
})

describe("every command line", () => {
  const lines = new Map(
    pages.flatMap((one) => commands(one).map((line) => [["hub", ...line].join(" "), line] as const)),
  )

  /** Help of the command with its arguments: it says what is unknown, and lists the flags. */
  const wrong = async (line: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
    const before = line.includes("--") ? line.slice(0, line.indexOf("--")) : line
    const { code, err, out } = await run(home, before.includes("--help") ? before : [...before, "--help"])
    if (code !== 0) return [err]
    if (/^Usage .* COMMAND$/m.test(out)) return [`${line.join(" ")} is no command`]
    const flags = before.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0] ?? "")
    return flags.filter((flag) => !out.includes(flag) && flag !== "--all")
  }

  test("that the pages name is known, with its flags", async () => {
    expect(lines.size).toBeGreaterThan(20)
    const found: Record<string, ReadonlyArray<string>> = {}
    for (const [name, line] of lines) {
      const unknown = await wrong(line)
      if (unknown.length > 0) found[name] = unknown
    }
    expect(found).toEqual({})
  })

  test("that is not there is found", async () => {
    expect(await wrong(["runs", "shwo", "last"])).not.toEqual([])
    expect(await wrong(["dispatch", "--agnet", "claude"])).toEqual(["--agnet"])
  })
})

import { expect, test } from "bun:test"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { Duration, Effect } from "effect"
import * as Live from "../../live/Supervisor.ts"
import { program, type Decoder } from "../../plugin/Agent.ts"
import { Transcript } from "../../plugin/reading/Transcript.ts"
import { objectIn } from "../../plugin/reading/Json.ts"
import { live, tempHome } from "../effect.ts"
import { startModelServer } from "../model/Server.ts"
import type { RecordedCase } from "../recordings.ts"
import { clean } from "./Clean.ts"
import { compare } from "./Compare.ts"
import { record, type Row } from "./Record.ts"

test("nothing of this machine is kept, and long lists and texts are cut", () => {
  const line = JSON.stringify({
    cwd: "/tmp/x/work",
    home: `${homedir()}/.acme`,
    url: "http://127.0.0.1:41234/text",
    tools: ["a", "b", "c", "d", "e"],
    items: [{ type: "a" }, { type: "b" }, { type: "c" }, { type: "d" }],
    text: "x".repeat(9000),
  })
  const kept = JSON.parse(clean(line, { "/tmp/x": "<tmp>", "/tmp/x/work": "<cwd>" }))
  expect(kept).toMatchObject({ cwd: "<cwd>", home: "~/.acme", url: "http://127.0.0.1:PORT/text" })
  expect([kept.tools, kept.items.length, kept.text.length]).toEqual([["a", "b", "c"], 4, 4000])
  expect(clean("{ no json\nat /tmp/x/a", { "/tmp/x": "<tmp>" })).toBe("{ no json\nat <tmp>/a")
})

const set = (folder: string, one: RecordedCase, lines: ReadonlyArray<object>) => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "a.jsonl"), lines.map((line) => JSON.stringify(line)).join("\n"))
  return { folder, index: { agent: "acme", version: "1", date: "2026-11-20", cases: { a: one } } }
}

live(
  "two recordings are alike, or what differs is said",
  Live.layer,
  Effect.gen(function* () {
    const home = yield* tempHome
    const lines = [{ type: "text", text: "hi", id: 1 }, { type: "done" }]
    const old = set(join(home, "old"), { exit: 0, events: ["agent_message", "usage"] }, lines)
    const same = set(
      join(home, "same"),
      { exit: 0, early: "network", events: ["usage", "agent_message"] },
      lines,
    )
    expect(compare("a", old, same)).toEqual([])
    const other = set(join(home, "other"), { exit: 1, class: "auth", events: ["usage"] }, [
      { type: "text", text: "hi" },
      { type: "end" },
    ])
    expect(compare("a", old, other)).toEqual([
      "end: answers → auth",
      "exit: 0 → 1",
      "events gone: agent_message",
      "lines gone: done",
      "lines new: end",
      "keys gone: text.id",
    ])
    expect(compare("b", old, other)).toEqual([])
  }),
)

/** Acme asks its model's server once, and tells what came of it. */
const acme = `
const [url, ...flags] = process.argv.slice(2)
if (flags.includes("--no-such-flag")) { console.error("unknown flag --no-such-flag"); process.exit(2) }
const session = "s-1"
console.log(JSON.stringify({ type: "start", session, cwd: process.cwd() }))
const body = { model: "m", messages: [{ role: "user", content: "do it" }] }
const asked = await fetch(url + "/v1/messages", { method: "POST", body: JSON.stringify(body) }).catch(() => undefined)
if (asked === undefined) { console.log(JSON.stringify({ type: "error", status: 0 })); process.exit(1) }
const said = await asked.json()
if (asked.status !== 200) { console.log(JSON.stringify({ type: "error", status: asked.status })); process.exit(1) }
console.log(JSON.stringify({ type: "done", text: said.content?.[0]?.text, flags }))
`

const decoder = (): Decoder => {
  const heard = new Transcript({ agent: "acme", seen: ["1.0.0"] })
  return {
    feed: (line, stream) => {
      const object = objectIn(line)
      if (object === undefined) return heard.line(line, stream)
      heard.understood()
      if (object["type"] === "start") return heard.session(object["session"])
      if (object["type"] === "error") heard.failed(object["status"] === 401 ? "auth" : "network", "it failed")
      else heard.succeeded({ text: object["text"] })
      return []
    },
    end: (exit) => heard.end(exit),
  }
}

live(
  "a real program is recorded scene by scene, and compared with an older set",
  Live.layer,
  Effect.gen(function* () {
    const home = yield* tempHome
    const script = join(home, "acme.ts")
    writeFileSync(script, acme)
    const models = yield* Effect.acquireRelease(Effect.promise(startModelServer), ({ stop }) =>
      Effect.promise(stop),
    )
    const told: Array<Row> = []
    const options = {
      cli: {
        name: "acme",
        package: "acme",
        version: "1.0.0",
        config: ({ url }: { readonly url: string }) => ({ url }),
        files: { "settings.json": "{}" },
      },
      agentOf: (config: Readonly<Record<string, unknown>>) =>
        Effect.succeed(
          program({
            id: "acme",
            summary: "Acme",
            supports: { resume: true },
            launch: ({ session }) => ({
              program: process.execPath,
              args: [
                script,
                String(config["url"]),
                ...((config["args"] as ReadonlyArray<string> | undefined) ?? []),
                ...(session === undefined ? [] : ["--resume", session.id]),
              ],
            }),
            decoder,
          }),
        ),
      program: process.execPath,
      version: "1.0.1",
      models,
      cases: ["text", "resume", "schema", "e401", "refused", "bad-flag"],
      limit: Duration.seconds(20),
      date: "2026-11-21",
      told: (row: Row) => Effect.sync(() => void told.push(row)),
    }
    const out = join(home, "new")
    const rows = yield* record({ ...options, out, against: undefined })
    expect(rows.map(({ end, name }) => `${name} ${end}`)).toEqual([
      "text answers",
      "resume answers",
      "e401 auth",
      "refused network",
      "bad-flag crashed",
    ])
    expect(told).toEqual(rows)
    const text = readFileSync(join(out, "text.jsonl"), "utf8")
    expect(text).toContain('"cwd":"<cwd>"')
    expect(readFileSync(join(out, "resume.jsonl"), "utf8")).toContain('"flags":["--resume","s-1"]')
    expect(readFileSync(join(out, "bad-flag.stderr.txt"), "utf8")).toBe("unknown flag --no-such-flag\n")
    const index = JSON.parse(readFileSync(join(out, "index.json"), "utf8"))
    expect(index).toMatchObject({
      agent: "acme",
      version: "1.0.1",
      cases: { text: { exit: 0, session: "s-1" }, e401: { exit: 1, class: "auth" } },
    })
    expect(readdirSync(home).sort()).toEqual(["acme.ts", "new"])
    index.cases.text.class = "auth"
    writeFileSync(join(out, "index.json"), JSON.stringify(index))
    const again = yield* record({ ...options, cases: ["text"], out: join(home, "again"), against: out })
    expect(again).toEqual([{ name: "text", end: "answers", changes: ["end: auth → answers"], is_new: false }])
    expect(existsSync(join(home, "again/index.json"))).toBe(true)
  }),
  120_000,
)

import { expect, test } from "bun:test"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import * as Live from "../../live/Processes.ts"
import type { Probe } from "../../plugin/Agent.ts"
import type { AgentHandle, empty } from "../../plugin/Catalogue.ts"
import { Processes } from "../../services/Processes.ts"
import { live, tempHome } from "../../testing/effect.ts"
import { localDoor } from "../Call.ts"
import type { Door } from "../Door.ts"
import { catalogueOf } from "../fixtures/handles.ts"
import { oneCommand } from "../fixtures/oneCommand.ts"
import { doctorAgentsCommand, inspectAgents } from "./Agents.ts"
import { lists } from "./agents/Look.ts"
import { against } from "./agents/Report.ts"

test.each([
  ["2.1.329", "2.1.329", "as tested"],
  ["2.1.330", "2.1.329", "newer"],
  ["2.10", "2.9.9", "newer"],
  ["2.1", "2.1.0", "as tested"],
  ["2.1", "2.1.1", "older"],
  ["1.99.99", "2.0.0", "older"],
  ["2.1.329-beta.1", "2.1.329", "as tested"],
  [undefined, "2.0.0", "unknown"],
  ["2.0.0", undefined, "unknown"],
] as const)("%s against %s is %s", (version, seen, how) => {
  expect(against(version, seen)).toBe(how)
})

test("a flag is listed where it stands as a word of its own", () => {
  const help = "  -m, --model <MODEL>\n  resume  Resume a session\n  [--no-color] --allowedTools, --x=<y>"
  for (const flag of ["-m", "--model", "resume", "--no-color", "--allowedTools", "--x"])
    expect(lists(help, flag), flag).toBe(true)
  for (const flag of ["-n", "--mod", "--color", "-model", "sume", "--allowed"])
    expect(lists(help, flag), flag).toBe(false)
})

const handle = (id: string, probe: Probe | undefined): readonly [string, AgentHandle] => [
  id,
  { id, plugin: id, probe: probe === undefined ? undefined : Effect.succeed(probe) } as never,
]

/** A program whose help lists two flags, and one that has none. */
const programs = (folder: string) => {
  const made = (name: string, text: string): string => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(folder, name), 0o700)
    return join(folder, name)
  }
  return {
    acme: made("acme", `[ "$*" = "exec --help" ] && echo '  -o FORMAT   --model MODEL'`),
    mute: made("mute", "exit 3"),
  }
}

const doctor = (agents: ReadonlyArray<readonly [string, AgentHandle]>, argv: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const processes = yield* Processes
    const catalogue = { ...catalogueOf([]), agents: new Map(agents) } as typeof empty
    const operation = inspectAgents({ registry: { current: Effect.succeed(catalogue) }, processes })
    const handles = catalogueOf([
      { ...operation, plugin: "core", title: undefined, print: undefined } as never,
    ])
    const door: Door = localDoor({ current: Effect.succeed(handles) })
    return yield* oneCommand({
      argv: ["doctor", "agents", ...argv],
      home: "/nowhere",
      extras: [
        doctorAgentsCommand({
          known: [
            { name: "claude", program: "hub-test-no-such-claude", how: "" },
            { name: "shelly", program: "sh", how: "Ask for it." },
            { name: "nobody", program: "hub-test-no-such-program", how: "" },
          ],
        }),
      ],
      door,
    })
  })

const found = (more: Partial<Probe>): Probe => ({ installed: true, seen: "2.0.0", notes: [], ...more })
const flags = { help: ["exec", "--help"], used: ["-o", "--model"] }

live(
  "an agent in the tested version is fine, and its help is asked only on demand",
  Live.layer,
  Effect.gen(function* () {
    const { acme } = programs(yield* tempHome)
    const agents = [handle("acme", found({ path: acme, version: "2.0.0", flags, logged_in: true }))]
    const plain = yield* doctor(agents, [])
    expect(plain).toMatchObject({ code: 0, err: "" })
    expect(plain.out).toContain(`ok       acme    2.0.0, ${acme}, logged in; as tested\n`)
    expect((yield* doctor(agents, ["--flags"])).out).toContain("as tested, with all 2 flags in use\n")
  }),
)

live(
  "another version has its flags compared: all there, or which is missing",
  Live.layer,
  Effect.gen(function* () {
    const { acme, mute } = programs(yield* tempHome)
    const newer = yield* doctor([handle("acme", found({ path: acme, version: "2.0.1", flags }))], [])
    expect(newer.code).toBe(0)
    expect(newer.out).toContain("newer than 2.0.0, which its adapter was made with")
    expect(newer.out).toContain("`acme exec --help` still lists all 2 flags in use.")
    const used = [...flags.used, "--gone"]
    const gone = yield* doctor(
      [handle("acme", found({ path: acme, version: "3.0.0", flags: { ...flags, used } }))],
      [],
    )
    expect(gone.code).toBe(1)
    expect(gone.out).toContain("error    acme    `acme exec --help` does not list --gone")
    expect(gone.out).toContain("Install 2.0.0")
    const silent = yield* doctor([handle("mute", found({ path: mute, version: "1.0.0", flags }))], [])
    expect(silent.out).toContain("warning  mute    `mute exec --help` tells no flags: it ended with 3")
  }),
)

live(
  "who is not there, not logged in, or has no probe is told with what to do",
  Live.layer,
  Effect.gen(function* () {
    const agents = [
      handle("gone", { installed: false, notes: ["not on PATH"] }),
      handle("shy", found({ version: "2.0.0", logged_in: false, login: "Run `shy login`." })),
      handle("far", undefined),
    ]
    const { code, out } = yield* doctor(agents, [])
    expect(code).toBe(0)
    for (const line of [
      "warning  gone    not installed: not on PATH\n                 Pipelines pass over gone.",
      "warning  shy     not logged in\n                 Run `shy login`.",
      "ok       far     its plugin offers no look at it",
      "ok       agents  known, and not set up: claude, shelly, nobody. On PATH: shelly\n                 Ask for it.",
    ])
      expect(out).toContain(line)
  }),
)

live(
  "names choose, those of agents that are known and not set up too; others are refused",
  Live.layer,
  Effect.gen(function* () {
    const agents = [handle("acme", found({ version: "2.0.0" })), handle("other", undefined)]
    const { out } = yield* doctor(agents, ["acme", "nobody", "--json"])
    expect(JSON.parse(out)).toMatchObject({ agents: [{ id: "acme" }], not_configured: ["nobody"] })
    const refused = yield* doctor(agents, ["acmee"])
    expect([refused.code, refused.err]).toEqual([
      2,
      'hub: no agent "acmee". Did you mean "acme"? Known: acme, other, claude, shelly, nobody.\n',
    ])
  }),
)

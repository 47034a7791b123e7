import { expect, test } from "bun:test"
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { usable } from "../../live/Home.ts"
import type { empty } from "../../plugin/Catalogue.ts"
import { mounted, remount, root } from "../../testing/disk.ts"
import { live, tempHome } from "../../testing/effect.ts"
import { localDoor } from "../Call.ts"
import type { Door } from "../Door.ts"
import { catalogueOf } from "../fixtures/handles.ts"
import { oneCommand } from "../fixtures/oneCommand.ts"
import { doctorCommand, inspect } from "./Doctor.ts"

const command = doctorCommand({
  program: "/opt/hub",
  usable,
  checks: [
    { id: "database", check: () => Effect.succeed([{ level: "ok", text: "readable" }]) },
    { id: "broken", check: () => Effect.die(new Error("a bug")) },
  ],
  known: [
    { name: "acme-coder", program: "sh", how: "Run `hub agent recipe acme-coder`." },
    { name: "codex", program: "codex", how: "" },
  ],
})

const doctor = (argv: ReadonlyArray<string>, given: { readonly home: string; readonly door?: Door }) =>
  oneCommand({ extras: [command], argv: ["doctor", ...argv], ...given })

const catalogue = {
  ...catalogueOf([]),
  plugins: [
    {
      instance: "acme",
      use: "./acme.ts",
      isolation: "none",
      startup: "required",
      state: "failed",
      failure: { phase: "import", detail: "a.ts:1:2 syntax" },
      contributes: {},
      starts: 1,
    },
    {
      instance: "fine",
      use: "fine",
      isolation: "none",
      startup: "optional",
      state: "ready",
      contributes: {},
      starts: 1,
    },
  ],
  doctor: [
    {
      plugin: "fine",
      id: "fine-check",
      summary: "",
      check: Effect.succeed([{ level: "warning", text: "old", advice: "Update." }]),
    },
    { plugin: "fine", id: "throws", summary: "", check: Effect.die("boom") },
  ],
  agents: new Map([
    [
      "claude",
      {
        id: "claude",
        probe: Effect.succeed({
          installed: true,
          version: "2.1",
          path: "/bin/claude",
          logged_in: false,
          notes: [],
        }),
      },
    ],
    [
      "codex",
      {
        id: "codex",
        probe: Effect.succeed({ installed: false, notes: ['cannot start "codex": not found on PATH'] }),
      },
    ],
    ["remote", { id: "remote", probe: undefined }],
  ]),
} as never as typeof empty

const doorWithInspect = Effect.sync((): Door => {
  const operation = inspect({ current: Effect.succeed(catalogue) })
  const handle = {
    ...operation,
    plugin: "core",
    title: undefined,
    destructive: false,
    print: undefined,
  } as never
  return localDoor({ current: Effect.succeed(catalogueOf([handle])) })
})

live(
  "doctor says what stands in the way, with advice, and is exit code 1 then",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    const { code, out } = yield* doctor([], { home, door: yield* doorWithInspect })
    expect(code).toBe(1)
    for (const line of [
      `ok       home        ${home} is private`,
      "ok       database    readable",
      "warning  broken      the check broken broke: Error: a bug",
      "error    plugins     acme failed in import: a.ts:1:2 syntax",
      "ok       plugins     fine is ready",
      "warning  fine-check  old\n                     Update.",
      "warning  throws      the check throws broke: boom",
      "ok       claude      2.1, /bin/claude",
      "warning  claude      not logged in",
      'warning  codex       not installed: cannot start "codex": not found on PATH',
      "ok       agents      known, and not set up: acme-coder. On PATH: acme-coder\n                     Run `hub agent recipe acme-coder`.",
    ])
      expect(out).toContain(line)
    expect(out.match(/warning  codex/g)).toHaveLength(1)
    expect(out.trimEnd()).toEndWith("1 thing stands in the way.")
  }),
)

interface Told {
  readonly sections: ReadonlyArray<{
    readonly id: string
    readonly findings: ReadonlyArray<{
      readonly level: string
      readonly text: string
      readonly advice?: string
    }>
  }>
}

/** What is wrong with a home, and that nothing further is asked. */
const unusable = (home: string) =>
  Effect.map(doctor(["--json"], { home }), ({ code, out }) => {
    const { sections } = JSON.parse(out) as Told
    expect(code).toBe(1)
    expect(sections.map(({ id }) => id)).toEqual(["home", "disk", "programs"])
    expect(sections[0]?.findings).toHaveLength(1)
    const { advice, level, text } = sections[0]!.findings[0]!
    expect([level, advice]).toEqual(["error", expect.stringContaining("HUB_HOME")])
    return text
  })

live(
  "doctor says of a home that cannot be used why, and what to do",
  Layer.empty,
  Effect.gen(function* () {
    const folder = yield* tempHome
    const at = (name: string) => join(folder, name)
    writeFileSync(at("file"), "mine")
    symlinkSync(at("nothing"), at("dangling"))
    expect(yield* unusable(at("file"))).toBe(`The hub's home is not a folder ("${at("file")}")`)
    expect(yield* unusable(at("file/deeper"))).toBe(`The hub's home is not a folder ("${at("file/deeper")}")`)
    expect(yield* unusable(at("dangling"))).toContain("is not there and cannot be made")
    expect(readFileSync(at("file"), "utf8")).toBe("mine")
    if (process.getuid?.() === 0) return
    chmodSync(folder, 0o500)
    expect(yield* unusable(folder)).toBe(`The hub may not write to its home ("${folder}")`)
    chmodSync(folder, 0o700)
  }),
)

const asRoot = root ? live : () => test.skip("needs root", () => {})

asRoot(
  "doctor says that the disk of a home is full, or read-only, and that it, or a part of it, is somebody else's (needs root)",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* mounted("64k")
    writeFileSync(join(home, "hub.db"), "", { mode: 0o600 })
    chownSync(join(home, "hub.db"), 1, 1)
    const { out } = yield* doctor([], { home })
    expect(out).toContain(`error    home      ${home}/hub.db belongs to another user\n`)
    expect(out).toContain(`Run: sudo chown -R "$(id -un)" "${home}/hub.db"\n`)
    expect(() => writeFileSync(join(home, "fill"), new Uint8Array(1_000_000))).toThrow("ENOSPC")
    expect(yield* unusable(home)).toContain("The disk of the hub's home is full")
    yield* remount(home, "ro")
    expect(yield* unusable(home)).toContain("is on a read-only disk")
    yield* remount(home, "rw")
    chownSync(home, 1, 1)
    expect(yield* unusable(home)).toContain("belongs to another user")
  }),
)

live(
  "doctor takes a link to a folder for a home",
  Layer.empty,
  Effect.gen(function* () {
    const folder = yield* tempHome
    mkdirSync(join(folder, "real"), { mode: 0o700 })
    symlinkSync(join(folder, "real"), join(folder, "home"))
    const { out } = yield* doctor([], { home: join(folder, "home") })
    expect(out).toContain(`ok       home      ${folder}/home is private`)
  }),
)

live(
  "doctor works without a hub, and finds a home that others may read",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    chmodSync(home, 0o755)
    const { code, out } = yield* doctor(["--json"], { home })
    const { sections } = JSON.parse(out) as Told
    const of = (id: string) => sections.find((one) => one.id === id)?.findings[0]
    expect(code).toBe(1)
    expect(of("home")).toEqual({
      level: "error",
      text: `others on this machine may read ${home}`,
      advice: `Run: chmod go= "${home}"`,
    })
    expect(of("plugins")).toEqual({ level: "error", text: "No hub." })
  }),
)

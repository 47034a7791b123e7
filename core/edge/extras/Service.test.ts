import { afterAll, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as fc from "fast-check"
import { Effect, type Scope } from "effect"
import * as Processes from "../../live/Processes.ts"
import { live, tempHome } from "../../testing/effect.ts"
import { Processes as Programs } from "../../services/Processes.ts"
import { oneCommand } from "../fixtures/oneCommand.ts"
import { serviceCommands } from "./Service.ts"
import { choose } from "./service/choose.ts"
import type { Manager } from "./service/Manager.ts"

/** Notes how it was called; fails for what FAIL names. */
const recorder = `#!/bin/sh
printf '%s' "\${0##*/}" >>"$RECORD"; printf ' %s' "$@" >>"$RECORD"; echo >>"$RECORD"
case "$*" in $FAIL) echo "Failed to connect to bus: No medium found" >&2; exit 1 ;; esac
`

interface Machine {
  readonly folder: string
  readonly unit: string
  readonly calls: () => ReadonlyArray<string>
  readonly hub: (
    args: string,
    env?: Record<string, string>,
  ) => Effect.Effect<{ code: number; out: string; err: string }>
}

/** A machine of this platform: the manager's program is a script that notes how it was called. */
const machine = (platform: NodeJS.Platform, file: string): Effect.Effect<Machine, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* tempHome
    const [bin, record] = [path.join(folder, "bin"), path.join(folder, "record")]
    fs.mkdirSync(bin)
    for (const name of ["systemctl", "launchctl", "schtasks", "hub"])
      fs.writeFileSync(path.join(bin, name), recorder, { mode: 0o755 })
    const calls = () => {
      const lines = fs.existsSync(record) ? fs.readFileSync(record, "utf8").trim().split("\n") : []
      fs.rmSync(record, { force: true })
      return lines
    }
    const hub: Machine["hub"] = (args, env = {}) =>
      cli(platform, folder, args.split(" "), { RECORD: record, FAIL: "-", ...env })
    return { folder, unit: path.join(folder, file), calls, hub }
  })

const cli = (
  platform: NodeJS.Platform,
  folder: string,
  argv: ReadonlyArray<string>,
  env: Record<string, string>,
) =>
  Effect.scoped(
    oneCommand({
      argv,
      home: env["HUB_HOME"] ?? path.join(folder, ".hub"),
      cwd: folder,
      env: { PATH: `${folder}/bin:relative:/usr/bin:/bin`, LOCALAPPDATA: path.join(folder, "Local"), ...env },
      extras: serviceCommands({
        self: [path.join(folder, "bin/hub")],
        platform,
        user: { uid: 501, name: "ada", home: folder },
        run: ([program = "", ...args], given) =>
          Effect.gen(function* () {
            const { run } = yield* Programs
            return yield* run({ program, args, cwd: "/", env: given })
          }).pipe(
            Effect.match({
              onSuccess: ({ code, stderr, stdout }) => ({ code, text: stdout + stderr }),
              onFailure: (error) => ({ code: null, text: error.message }),
            }),
            Effect.provide(Processes.layer),
          ),
      }),
    }),
  )

const platforms = [
  {
    platform: "linux",
    file: ".config/systemd/user/hub.service",
    probe: ["systemctl --user show-environment"],
    enable: [
      "systemctl --user daemon-reload",
      "systemctl --user enable hub.service",
      "systemctl --user restart hub.service",
    ],
    again: [
      "systemctl --user daemon-reload",
      "systemctl --user enable hub.service",
      "systemctl --user start hub.service",
    ],
    disable: [
      "systemctl --user disable --now hub.service",
      "systemctl --user daemon-reload",
      "systemctl --user reset-failed hub.service",
    ],
  },
  {
    platform: "darwin",
    file: "Library/LaunchAgents/local.hub.plist",
    probe: ["launchctl print gui/501"],
    enable: [
      "launchctl bootout gui/501/local.hub",
      "launchctl enable gui/501/local.hub",
      "launchctl bootstrap gui/501 FILE",
    ],
    again: ["launchctl bootstrap gui/501 FILE", "launchctl kickstart gui/501/local.hub"],
    disable: ["launchctl bootout gui/501/local.hub"],
  },
  {
    platform: "win32",
    file: "Local/hub/service.xml",
    probe: [],
    enable: ["schtasks /create /tn hub /xml FILE /f", "schtasks /end /tn hub", "schtasks /run /tn hub"],
    again: ["schtasks /create /tn hub /xml FILE /f", "schtasks /run /tn hub"],
    disable: ["schtasks /end /tn hub", "schtasks /delete /tn hub /f"],
  },
] as const

for (const { again, disable, enable, file, platform, probe } of platforms)
  live(
    `${platform}: said first, then done, done again without a change, and taken back`,
    Processes.layer,
    Effect.gen(function* () {
      const { calls, hub, unit } = yield* machine(platform, file)
      const named = (all: ReadonlyArray<string>) => all.map((line) => line.replace("FILE", unit))
      const would = yield* hub("service install")
      expect([would.code, would.err, calls(), fs.existsSync(path.dirname(unit))]).toEqual([0, "", [], false])
      expect(would.out).toContain(`write    ${unit}\n`)
      for (const line of named(enable)) expect(would.out).toContain(`run      ${line}\n`)
      expect(would.out).toContain("Nothing is changed. To do it: hub service install --apply")

      expect(yield* hub("service install --apply")).toMatchObject({ code: 0, err: "" })
      expect(calls()).toEqual([...probe, "hub stop", ...named(enable)])
      expect(fs.statSync(unit).mode & 0o777).toBe(0o600)
      expect(fs.readdirSync(path.dirname(unit))).toEqual([path.basename(unit)])
      const printed = yield* hub("service install --print")
      const written = fs.readFileSync(unit, platform === "win32" ? "utf16le" : "utf8")
      expect(written.replace("\uFEFF", "").replaceAll("\r\n", "\n")).toBe(printed.out)
      expect(yield* hub("service status")).toMatchObject({ code: 0 })
      calls()

      expect((yield* hub("service install --apply")).out).toContain(`keep     ${unit}`)
      expect(calls()).toEqual([...probe, ...named(again)])

      expect((yield* hub("service uninstall")).out).toContain(`remove   ${unit}\n`)
      expect([calls(), fs.existsSync(unit)]).toEqual([[], true])
      expect(yield* hub("service uninstall --apply")).toMatchObject({ code: 0, err: "" })
      expect(calls()).toEqual([...probe, ...named(disable)])
      expect(fs.readdirSync(path.dirname(unit))).toEqual([])
      expect((yield* hub("service uninstall --apply")).out).toBe(
        "not installed: there is nothing to take back\n",
      )
      expect([(yield* hub("service status")).code, calls()]).toEqual([1, []])
    }),
  )

const unitFile = ".config/systemd/user/hub.service"

live(
  "a foreign file is moved aside, told, and put back; a second one is not written over",
  Processes.layer,
  Effect.gen(function* () {
    const { hub, unit } = yield* machine("linux", unitFile)
    const kept = `${unit}.before-hub`
    fs.mkdirSync(path.dirname(unit), { recursive: true })
    fs.symlinkSync("/etc/hostname", unit)
    expect((yield* hub("service uninstall --apply")).out).toContain("is not the hub's: it stays as it is")
    expect((yield* hub("service install")).out).toContain(
      `move     ${unit}, which is not the hub's, to ${kept}`,
    )
    expect((yield* hub("service install --apply")).code).toBe(0)
    expect(fs.readlinkSync(kept)).toBe("/etc/hostname")
    expect((yield* hub("service uninstall --apply")).out).toContain(`restore  ${unit} from ${kept}`)
    expect(fs.readlinkSync(unit)).toBe("/etc/hostname")
    fs.writeFileSync(kept, "mine")
    const refused = yield* hub("service install --apply")
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("Move one of them away")])
    expect([fs.readlinkSync(unit), fs.readFileSync(kept, "utf8")]).toEqual(["/etc/hostname", "mine"])
  }),
)

live(
  "an older file of the hub is brought up to date without a backup",
  Processes.layer,
  Effect.gen(function* () {
    const { calls, hub, unit } = yield* machine("linux", unitFile)
    yield* hub("service install --apply")
    calls()
    const status = yield* hub("service status", { HUB_HOME: "/srv/hub" })
    expect(status.out).toContain("installed otherwise than now")
    calls()
    yield* hub("service install --apply", { HUB_HOME: "/srv/hub" })
    expect(calls()).toContain("systemctl --user restart hub.service")
    expect(fs.readFileSync(unit, "utf8")).toContain('Environment="HUB_HOME=/srv/hub"')
    expect(fs.readdirSync(path.dirname(unit))).toEqual(["hub.service"])
  }),
)

live(
  "without a session of the user nothing is changed, and the way out is named",
  Processes.layer,
  Effect.gen(function* () {
    const { hub, unit } = yield* machine("linux", unitFile)
    const refused = yield* hub("service install --apply", { FAIL: "*show-environment" })
    expect([refused.code, fs.existsSync(unit)]).toEqual([4, false])
    expect(refused.err).toContain("Failed to connect to bus: No medium found")
    expect(refused.err).toContain("sudo loginctl enable-linger ada")
    const missing = yield* hub("service install --apply", { PATH: "/nowhere" })
    expect(missing.err).toContain("systemd does not answer")
    const halfway = yield* hub("service install --apply", { FAIL: "*restart*" })
    expect(halfway.err).toContain("`systemctl --user restart hub.service` ended with 1")
    expect([halfway.code, fs.existsSync(unit)]).toEqual([4, true])
  }),
)

live(
  "no secret of the environment reaches the file, and a platform without a manager says so",
  Processes.layer,
  Effect.gen(function* () {
    const { hub } = yield* machine("linux", unitFile)
    expect(
      (yield* hub("service install --print", { HUB_TOKEN: "canary", OPENAI_API_KEY: "canary" })).out,
    ).not.toContain("canary")
    const other = yield* machine("freebsd", unitFile)
    expect((yield* other.hub("service install")).err).toContain("on freebsd the hub knows no way")
    expect((yield* hub("service install", { HUB_HOME: "/a\nb" })).err).toContain("cannot be written")
  }),
)

const user = { uid: 501, name: "ada & co", home: "/home/ada" }
const managerFor = (
  platform: NodeJS.Platform,
  self: string,
  home: string | undefined,
  PATH = "/usr/bin",
): Manager => choose(platform, { self: [self], path: PATH, home }, user, {})

/** Paths with whatever a manager's syntax has a meaning for. */
const part = fc.string({
  unit: fc.constantFrom(..."ab %$&<>\"'\\;#=:{}()[]`~!*? é√😀’-"),
  minLength: 1,
  maxLength: 12,
})
const odd = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join("/")}`)
const program = odd.filter((one) => !/["'\\]/.test(one))

/** Words as systemd.syntax(7) describes them: quotes, C escapes, then specifiers. */
const systemdWords = (line: string): ReadonlyArray<string> =>
  [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, inner = ""]) =>
    inner
      .replace(/\\(.)/g, "$1")
      .replace(/%(.)/g, (_, specifier: string) => (specifier === "%" ? "%" : `<${specifier}>`)),
  )

const valueOf = (text: string, key: string, index = 0): string => {
  const lines = text.split("\n").filter((line) => line.startsWith(`${key}=`))
  return lines[index]?.slice(key.length + 1) ?? ""
}

/** What a parser of Python's library reads out of each text, in one go. */
const python = (code: string, texts: ReadonlyArray<string>): ReadonlyArray<unknown> => {
  const script = `import json,sys,plistlib\nimport xml.etree.ElementTree as tree\nprint(json.dumps([${code} for text in json.load(sys.stdin)]))`
  const { status, stderr, stdout } = spawnSync("python3", ["-c", script], {
    input: JSON.stringify(texts),
    encoding: "utf8",
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as ReadonlyArray<unknown>
}

const hasPython = spawnSync("python3", ["-c", "import plistlib"]).status === 0

/** As Windows takes a command line apart. */
const argvOf = (line: string): ReadonlyArray<string> =>
  [...line.matchAll(/"((?:[^"\\]|\\+"|\\+(?!"))*?)"(?= |$)/g)].map(([, inner = ""]) =>
    inner.replace(/(\\*)(?:\\"|$)/g, (whole, slashes: string) =>
      whole.endsWith('"') ? `${"\\".repeat(slashes.length / 2)}"` : "\\".repeat(whole.length / 2),
    ),
  )

describe("paths come back as they were", () => {
  test("from a unit of systemd", () => {
    fc.assert(
      fc.property(program, odd, (self, home) => {
        const { text } = managerFor("linux", self, home)
        expect(valueOf(text, "ExecStart")[0]).toBe(":")
        expect(systemdWords(valueOf(text, "ExecStart"))).toEqual([self, "serve"])
        expect(systemdWords(valueOf(text, "Environment", 1))).toEqual([`HUB_HOME=${home}`])
      }),
    )
  })

  test.skipIf(!hasPython)("from a launchd agent, asked of a parser of plists (needs python3)", () => {
    const cases = fc.sample(fc.tuple(odd, odd), 200)
    const read = python(
      "(lambda it: [it['ProgramArguments'], it['EnvironmentVariables'], it['AbandonProcessGroup'], it['Label']])(plistlib.loads(text.encode()))",
      cases.map(([self, home]) => managerFor("darwin", self, home).text),
    )
    expect(read).toEqual(
      cases.map(([self, HUB_HOME]) => [[self, "serve"], { PATH: "/usr/bin", HUB_HOME }, true, "local.hub"]),
    )
  })

  test.skipIf(!hasPython)("from a task of Windows, asked of an XML parser (needs python3)", () => {
    const cases = fc.sample(fc.tuple(odd, odd), 200)
    const find =
      "[next(it.itertext()) for it in tree.fromstring(text.encode('utf-16')).iter() if it.tag.split('}')[1] in ('UserId', 'Command', 'Arguments')]"
    const texts = cases.flatMap(([self, home]) =>
      [undefined, home].map((at) => managerFor("win32", self, at).text),
    )
    const read = python(find, texts) as ReadonlyArray<ReadonlyArray<string>>
    cases.forEach(([self, home], at) => {
      expect(read[2 * at]).toEqual([user.name, user.name, self, '"serve"'])
      const [, , shell, args = ""] = read[2 * at + 1] ?? []
      const literal = (text: string) => `'${text.replace(/['‘’‚‛]/g, "$&$&")}'`
      expect([shell, argvOf(args).at(-1)]).toEqual([
        "powershell.exe",
        `$env:HUB_HOME=${literal(home)}; & ${literal(self)} 'serve'; exit $LASTEXITCODE`,
      ])
    })
  })
})

test("a unit stands where this user's systemd looks for it", () => {
  const fileIn = (XDG_CONFIG_HOME: string) =>
    choose("linux", { self: ["/bin/hub"], path: "", home: undefined }, user, { XDG_CONFIG_HOME }).file
  expect(fileIn("/etc/ada")).toBe("/etc/ada/systemd/user/hub.service")
  for (const ignored of ["", "relative"])
    expect(fileIn(ignored)).toBe("/home/ada/.config/systemd/user/hub.service")
})

test("systemd starts no program with a quote in its path: refused, with the path", () => {
  expect(() => managerFor("linux", '/a"b/hub', undefined)).toThrow(
    'quotes or backslashes in it. Move this one: "/a\\"b/hub"',
  )
})

const analyze = Bun.which("systemd-analyze")

describe.skipIf(analyze === null)("systemd-analyze (where systemd is installed)", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "hub-unit-"))
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

  const verified = (text: string) => {
    const unit = path.join(folder, "hub.service")
    fs.writeFileSync(unit, text, { mode: 0o600 })
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder, XDG_RUNTIME_DIR: folder }
    const { status, stderr } = spawnSync(analyze ?? "", ["verify", "--user", unit], {
      env,
      encoding: "utf8",
    })
    return { status, stderr: stderr.trim() }
  }

  test("finds nothing wrong with a unit, and the program where it is", () => {
    for (const name of ["plain", "with space", "100% %h %%", "$HOME ${x}", "é # ; = ü"]) {
      const at = path.join(folder, name)
      fs.mkdirSync(at)
      fs.writeFileSync(path.join(at, "hub"), "#!/bin/sh\n", { mode: 0o755 })
      const { text } = managerFor("linux", path.join(at, "hub"), `${at} "q" \\`, "/usr/bin:/opt/a b/100%")
      expect({ name, ...verified(text) }).toEqual({ name, status: 0, stderr: "" })
    }
  })

  test("would have found what is wrong", () => {
    const { text } = managerFor("linux", "/nowhere/hub", undefined)
    expect(verified(text).stderr).toContain("/nowhere/hub is not executable")
    expect(verified(text.replace("KillMode", "KillMod")).stderr).toContain("Unknown key")
  })
})

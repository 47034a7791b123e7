import { describe, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Fiber, Layer, type Scope } from "effect"
import { open } from "../../live/Home.ts"
import { mounted, remount, root } from "../../testing/disk.ts"
import { live, tempHome } from "../../testing/effect.ts"
import { oneCommand } from "../fixtures/oneCommand.ts"
import { installCommands } from "./Install.ts"
import { clients } from "./install/Clients.ts"

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

interface Machine {
  readonly folder: string
  readonly at: (file: string) => string
  readonly put: (file: string, text: string | Uint8Array, mode?: number) => string
  readonly text: (file: string) => string
  readonly hub: (args: string, more?: More) => Effect.Effect<Ran>
}

interface More {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly program?: string
  readonly platform?: NodeJS.Platform
}

/** A user's folder with no client in it, and a hub that is a file. */
const machine: Effect.Effect<Machine, never, Scope.Scope> = Effect.gen(function* () {
  const folder = yield* tempHome
  const at = (file: string) => path.join(folder, file)
  const put: Machine["put"] = (file, text, mode = 0o644) => {
    fs.mkdirSync(path.dirname(at(file)), { recursive: true })
    fs.writeFileSync(at(file), text)
    fs.chmodSync(at(file), mode)
    return at(file)
  }
  put("bin/hub", "", 0o755)
  fs.mkdirSync(at("work"))
  return { folder, at, put, text: (file) => fs.readFileSync(at(file), "utf8"), hub: cli(folder) }
})

const cli =
  (folder: string): Machine["hub"] =>
  (args, { cwd, env = {}, platform = "linux", program } = {}) => {
    const home = env["HUB_HOME"] ?? path.join(folder, ".hub")
    const self = [program ?? path.join(folder, "bin/hub")]
    return oneCommand({
      argv: args.split(" "),
      home,
      cwd: cwd ?? path.join(folder, "work"),
      env: { PATH: path.join(folder, "programs"), ...env },
      extras: installCommands({ self, platform, folder, open: open(home) }),
    })
  }

const on = (name: string, body: (machine: Machine) => Effect.Effect<void>): void =>
  live(name, Layer.empty, Effect.flatMap(machine, body))

const golden: Readonly<Record<string, readonly [file: string, text: string]>> = {
  claude: [
    ".claude.json",
    `{"mcpServers":{"hub":{"type":"stdio","command":"HUB","args":["serve","--stdio"],"alwaysLoad":true}}}`,
  ],
  codex: [
    ".codex/config.toml",
    `[mcp_servers.hub]
command = "HUB"
args = [ "serve", "--stdio" ]
required = true
startup_timeout_sec = 30
tool_timeout_sec = 300
`,
  ],
  gemini: [
    ".gemini/settings.json",
    `{"mcpServers":{"hub":{"command":"HUB","args":["serve","--stdio"],"timeout":600000,"trust":true}}}`,
  ],
  opencode: [
    ".config/opencode/opencode.json",
    `{"mcp":{"hub":{"type":"local","command":["HUB","serve","--stdio"],"enabled":true,"timeout":60000}}}`,
  ],
  droid: [
    ".factory/mcp.json",
    `{"mcpServers":{"hub":{"type":"stdio","command":"HUB","args":["serve","--stdio"],"disabled":false}}}`,
  ],
  copilot: [
    ".copilot/mcp-config.json",
    `{"mcpServers":{"hub":{"type":"local","command":"HUB","args":["serve","--stdio"],"tools":["*"]}}}`,
  ],
  qwen: [
    ".qwen/settings.json",
    `{"mcpServers":{"hub":{"command":"HUB","args":["serve","--stdio"],"timeout":600000,"trust":true}}}`,
  ],
  cursor: [
    ".cursor/mcp.json",
    `{"mcpServers":{"hub":{"type":"stdio","command":"HUB","args":["serve","--stdio"]}}}`,
  ],
  vscode: [
    ".config/Code/User/mcp.json",
    `{"servers":{"hub":{"type":"stdio","command":"HUB","args":["serve","--stdio"]}}}`,
  ],
  windsurf: [
    ".codeium/windsurf/mcp_config.json",
    `{"mcpServers":{"hub":{"command":"HUB","args":["serve","--stdio"]}}}`,
  ],
  zed: [
    ".config/zed/settings.json",
    `{"context_servers":{"hub":{"source":"custom","command":"HUB","args":["serve","--stdio"]}}}`,
  ],
  "claude-desktop": [
    ".config/Claude/claude_desktop_config.json",
    `{"mcpServers":{"hub":{"command":"HUB","args":["serve","--stdio"]}}}`,
  ],
}

test("every client has its golden file", () => {
  expect(Object.keys(golden)).toEqual(clients.map(({ name }) => name))
})

test("the manual names every client with its files", () => {
  const manual = fs.readFileSync(path.join(import.meta.dir, "../../../docs/install.md"), "utf8")
  const rows = manual.split("\n").filter((line) => line.startsWith("| `"))
  for (const { name, programs, project } of clients) {
    const row = rows.find((line) => line.startsWith(`| \`${name}\` |`)) ?? ""
    expect(row).toContain(`\`~/${golden[name]?.[0] ?? ""}\``)
    for (const word of [...programs, ...project.slice(-1).map((one) => `$PROJECT/${one}`)])
      expect(row).toContain(`\`${word}\``)
  }
})

for (const [name, [file, wanted]] of Object.entries(golden))
  on(`${name}: made, kept as it is, and gone without a trace`, ({ at, folder, hub, text }) =>
    Effect.gen(function* () {
      const before = fs.readdirSync(folder)
      const filled = wanted.replace("HUB", at("bin/hub"))
      const formatted = file.endsWith(".toml") ? filled : `${JSON.stringify(JSON.parse(filled), null, 2)}\n`
      const dry = yield* hub(`install ${name} --force --dry-run`)
      expect(dry.out).toContain(`would write ${at(file)}`)
      expect(fs.readdirSync(folder)).toEqual(before)

      expect(yield* hub(`install ${name} --force`)).toMatchObject({ code: 0, err: "" })
      expect(text(file)).toBe(formatted)
      expect(fs.statSync(at(file)).mode & 0o777).toBe(0o600)
      const { ino } = fs.statSync(at(file))
      expect((yield* hub(`install ${name} --force`)).out).toContain(`keep     ${at(file)}`)
      expect(fs.statSync(at(file)).ino).toBe(ino)

      expect((yield* hub(`uninstall ${name} --dry-run`)).out).toContain("would restore")
      expect((yield* hub(`uninstall ${name}`)).out).toContain(`restored ${at(file)}`)
      expect(fs.readdirSync(folder).filter((one) => one !== ".hub")).toEqual(before)
      expect(fs.readdirSync(at(".hub/backups/clients"))).toEqual([])
      expect((yield* hub(`uninstall ${name}`)).out).toContain("there is nothing to take back")
    }),
  )

const codexText = '# mine\r\nmodel = "x" # why\r\n\r\n[mcp_servers.a] # other\r\ncommand = "b"'
const zedText = '\uFEFF{\n\t// mine\n\t"theme": "One", /* two */\n\t"context_servers": {\n\t},\n}'

for (const [name, file, before] of [
  ["codex", ".codex/config.toml", codexText],
  ["zed", ".config/zed/settings.json", zedText],
  ["claude", ".claude.json", '{"numStartups":12,"projects":{"/a":{"history":[]}},"mcpServers":{}}'],
  ["gemini", ".gemini/settings.json", ""],
] as const)
  on(`${name}: a file of the user's comes back byte for byte`, ({ at, hub, put, text }) =>
    Effect.gen(function* () {
      put(file, before, 0o640)
      const installed = yield* hub(`install ${name} --json`)
      const { backups, change } = JSON.parse(installed.out) as { backups: string; change: string }
      expect([installed.code, change]).toEqual([0, "added"])
      expect(fs.statSync(at(file)).mode & 0o777).toBe(0o640)
      const kept = fs.readdirSync(backups).filter((one) => one !== "record.json")
      expect(kept.map((one) => fs.readFileSync(path.join(backups, one), "utf8"))).toEqual([before])
      for (const one of [...kept, "record.json"])
        expect(fs.statSync(path.join(backups, one)).mode & 0o777).toBe(0o600)
      expect(fs.statSync(backups).mode & 0o777).toBe(0o700)
      expect(text(file).startsWith(before.slice(0, 20).trimEnd())).toBe(true)
      if (before.includes("\r\n")) expect(text(file).replaceAll("\r\n", "")).not.toContain("\n")
      // From another place, and back: still the bytes from before.
      yield* hub(`install ${name}`, { program: put("other/hub", "", 0o755) })
      expect(text(file)).toContain(at("other/hub"))
      yield* hub(`install ${name}`)
      expect(text(file)).not.toContain(at("other/hub"))
      expect((yield* hub(`uninstall ${name}`)).out).toContain("as it was before")
      expect(text(file)).toBe(before)
    }),
  )

on("a file that its client has changed loses our entry and nothing else", ({ hub, put, text }) =>
  Effect.gen(function* () {
    put(".claude.json", '{\n  "a": 1\n}\n')
    yield* hub("install claude")
    put(".claude.json", text(".claude.json").replace('"a": 1', '"a": 2,\n  "b": [3]'))
    expect((yield* hub("uninstall claude")).out).toContain("removed the hub from")
    expect(text(".claude.json")).toBe('{\n  "a": 2,\n  "b": [3]\n}\n')
    put(".codex/config.toml", "a = 1\n")
    yield* hub("install codex")
    put(".codex/config.toml", `# new\n${text(".codex/config.toml")}`)
    yield* hub("uninstall codex")
    expect(text(".codex/config.toml")).toBe("# new\na = 1\n")
  }),
)

on("what a person has set in our entry stays; where the hub is, is put right", ({ at, hub, put, text }) =>
  Effect.gen(function* () {
    put(
      ".config/opencode/opencode.jsonc",
      '{ "mcp": { "hub": { "type": "local", "command": ["/old/hub", "serve", "--stdio"], "enabled": false, "environment": { "A": "b", "HUB_HOME": "/old" } } } }',
    )
    const { out } = yield* hub("install opencode --json")
    expect(JSON.parse(out)).toMatchObject({ change: "updated", file: at(".config/opencode/opencode.jsonc") })
    expect(JSON.parse(text(".config/opencode/opencode.jsonc"))).toEqual({
      mcp: {
        hub: {
          type: "local",
          command: [at("bin/hub"), "serve", "--stdio"],
          enabled: false,
          environment: { A: "b" },
          timeout: 60_000,
        },
      },
    })
    yield* hub("uninstall opencode")
    expect(text(".config/opencode/opencode.jsonc")).toBe('{ "mcp": {} }')
  }),
)

on("trust is given and taken by name, and otherwise left as it is", ({ hub, put, text }) =>
  Effect.gen(function* () {
    put(".codex/config.toml", "")
    put(".gemini/settings.json", "{}")
    yield* hub("install codex --trust")
    expect(text(".codex/config.toml")).toContain('default_tools_approval_mode = "approve"')
    yield* hub("install codex")
    expect(text(".codex/config.toml")).toContain("approve")
    yield* hub("install codex --no-trust")
    expect(text(".codex/config.toml")).not.toContain("approve")
    yield* hub("install gemini --no-trust")
    expect(text(".gemini/settings.json")).not.toContain("trust")
    const refused = yield* hub("install claude --trust --force")
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("has no such setting")])
  }),
)

on("HUB_HOME and --config go along where they are not the usual ones", ({ at, hub, text }) =>
  Effect.gen(function* () {
    const env = { HUB_HOME: at("elsewhere") }
    yield* hub("install cursor --force --config my.toml", { env })
    expect(JSON.parse(text(".cursor/mcp.json"))).toEqual({
      mcpServers: {
        hub: {
          type: "stdio",
          command: at("bin/hub"),
          args: ["serve", "--stdio", "--config", at("work/my.toml")],
          env,
        },
      },
    })
  }),
)

on("a client's own variables and platform say where its file is", ({ at, hub }) =>
  Effect.gen(function* () {
    const places: ReadonlyArray<readonly [string, More, string]> = [
      ["claude", { env: { CLAUDE_CONFIG_DIR: at("c") } }, "c/.claude.json"],
      ["codex", { env: { CODEX_HOME: at("x") } }, "x/config.toml"],
      ["gemini", { env: { GEMINI_CLI_HOME: at("g") } }, "g/.gemini/settings.json"],
      ["copilot", { env: { COPILOT_HOME: at("p") } }, "p/mcp-config.json"],
      ["qwen", { env: { QWEN_HOME: at("q") } }, "q/settings.json"],
      ["opencode", { env: { XDG_CONFIG_HOME: at("o") } }, "o/opencode/opencode.json"],
      ["opencode", { env: { OPENCODE_CONFIG: at("o/mine.json") } }, "o/mine.json"],
      ["vscode", { platform: "darwin" }, "Library/Application Support/Code/User/mcp.json"],
      ["zed", { platform: "darwin" }, ".config/zed/settings.json"],
      ["vscode", { platform: "win32", env: { APPDATA: at("Roaming") } }, "Roaming/Code/User/mcp.json"],
    ]
    for (const [name, more, file] of places) {
      const { out } = yield* hub(`install ${name} --force --dry-run --json`, more)
      expect(JSON.parse(out)).toMatchObject({ applied: false, file: at(file) })
    }
  }),
)

on("a link is followed: its target is written, and the link stays", ({ at, hub, put, text }) =>
  Effect.gen(function* () {
    put("dotfiles/claude.json", "{}\n")
    fs.symlinkSync("dotfiles/claude.json", at(".claude.json"))
    yield* hub("install claude --force")
    expect(fs.readlinkSync(at(".claude.json"))).toBe("dotfiles/claude.json")
    expect(text("dotfiles/claude.json")).toContain("alwaysLoad")
    yield* hub("uninstall claude")
    expect(text("dotfiles/claude.json")).toBe("{}\n")
    fs.mkdirSync(at(".cursor"))
    fs.symlinkSync("../dotfiles/cursor.json", at(".cursor/mcp.json"))
    yield* hub("install cursor")
    expect(text("dotfiles/cursor.json")).toContain('"hub"')
  }),
)

on("a link that leads nowhere yet has its target made, and is as it was after that", ({ at, hub, text }) =>
  Effect.gen(function* () {
    fs.mkdirSync(at(".cursor"))
    fs.symlinkSync("../dotfiles/cursor/mcp.json", at(".cursor/mcp.json"))
    // What it leads to may be a disk that is not there now.
    const refused = yield* hub("install cursor")
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining("the folder above it is not there"),
    ])
    expect(fs.existsSync(at("dotfiles"))).toBe(false)
    fs.mkdirSync(at("dotfiles/cursor"), { recursive: true })
    yield* hub("install cursor")
    expect(text("dotfiles/cursor/mcp.json")).toContain('"hub"')
    expect(fs.readlinkSync(at(".cursor/mcp.json"))).toBe("../dotfiles/cursor/mcp.json")
    yield* hub("uninstall cursor")
    expect(fs.readlinkSync(at(".cursor/mcp.json"))).toBe("../dotfiles/cursor/mcp.json")
    expect(fs.existsSync(at("dotfiles/cursor/mcp.json"))).toBe(false)
    fs.symlinkSync(".claude.json", at(".claude.json"))
    expect((yield* hub("install claude --force")).err).toContain("its links lead in a circle")
  }),
)

on("a folder that is no project gets no file of one", ({ at, folder, hub, put }) =>
  Effect.gen(function* () {
    const refused = yield* hub("install claude --scope project")
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining(`${at("work")} is no project`)])
    // Whoever keeps versions of a home has no project in each of its folders.
    fs.mkdirSync(at(".git"))
    expect((yield* hub("install claude --scope project")).err).toContain("is no project")
    for (const force of ["", " --force"]) {
      const home = yield* hub(`install cursor --scope project${force}`, { cwd: folder })
      expect([home.code, home.err]).toEqual([2, expect.stringContaining("hub install cursor --scope user")])
    }
    expect(fs.readdirSync(at("work"))).toEqual([])
    put("programs/claude", "", 0o755)
    fs.mkdirSync(at("work/.git"))
    fs.mkdirSync(at("work/below"))
    expect((yield* hub("install claude --scope project", { cwd: at("work/below") })).code).toBe(0)
    expect(fs.readdirSync(at("work/below"))).toEqual([".mcp.json"])
  }),
)

on("a dry run shows the lines that would go and come, and writes nothing at all", ({ folder, hub, put }) =>
  Effect.gen(function* () {
    put(".claude.json", '{\n  "token": "x",\n  "n": 1\n}\n')
    put(".codex/config.toml", "# mine\n")
    const listing = () => fs.readdirSync(folder, { recursive: true }).toSorted()
    const before = listing()
    const { out } = yield* hub("install claude --dry-run")
    expect(out).toContain('line 3:\n-  "n": 1\n+  "n": 1,\n+  "mcpServers": {\n+    "hub": {\n')
    expect(out).not.toContain("token")
    const { diff } = JSON.parse((yield* hub("install codex --dry-run --json")).out) as {
      diff: ReadonlyArray<string>
    }
    expect(diff).toContain("+[mcp_servers.hub]")
    expect(listing()).toEqual(before)
    yield* hub("install claude")
    const installed = listing()
    expect((yield* hub("install claude --dry-run")).out).toContain("keep")
    expect((yield* hub("uninstall claude --dry-run")).out).toContain('-  "n": 1,\n-  "mcpServers": {\n')
    expect(listing()).toEqual(installed)
  }),
)

on("an entry that was changed by hand is taken, and what else was changed stays", ({ hub, put, text }) =>
  Effect.gen(function* () {
    put(".gemini/settings.json", '{\n  "theme": "One"\n}\n')
    yield* hub("install gemini")
    put(
      ".gemini/settings.json",
      text(".gemini/settings.json").replace(
        '"timeout": 600000',
        '"timeout": 5, "includeTools": ["dispatch"]',
      ),
    )
    const edited = text(".gemini/settings.json")
    const { out } = yield* hub("uninstall gemini --json")
    const { backups, change } = JSON.parse(out) as { backups: string; change: string }
    expect(change).toBe("removed")
    expect(JSON.parse(text(".gemini/settings.json"))).toEqual({ theme: "One" })
    const kept = fs.readdirSync(backups).map((one) => fs.readFileSync(path.join(backups, one), "utf8"))
    expect(kept).toContain(edited)
  }),
)

on("a project's file is written below the project, and nowhere else", ({ at, hub, put, text }) =>
  Effect.gen(function* () {
    const { out } = yield* hub("install vscode --scope project --force")
    expect(out).toContain("It asks before it takes up a server of a project")
    expect(text("work/.vscode/mcp.json")).toContain('"servers"')
    expect(fs.statSync(at("work/.vscode/mcp.json")).mode & 0o777).toBe(0o644)
    yield* hub("uninstall vscode --scope project")
    expect(fs.readdirSync(at("work"))).toEqual([])
    put(".bashrc", "# mine\n")
    fs.symlinkSync("../.bashrc", at("work/.mcp.json"))
    fs.symlinkSync("..", at("work/.cursor"))
    for (const name of ["claude", "cursor"]) {
      const refused = yield* hub(`install ${name} --scope project --force`)
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("leads out of the project")])
    }
    expect([text(".bashrc"), fs.existsSync(at("mcp.json"))]).toEqual(["# mine\n", false])
    expect((yield* hub("install windsurf --scope project --force")).err).toContain("--scope user")
  }),
)

const invalid: ReadonlyArray<readonly [name: string, file: string, text: string | Uint8Array, said: string]> =
  [
    ["claude", ".claude.json", '{\n  "a": 1\n  "b": 2\n}', ".claude.json:3:3  comma expected"],
    ["claude", ".claude.json", '{ "a": 1, // no\n}', ".claude.json:1:11  invalid comment token"],
    ["codex", ".codex/config.toml", "a = 1\nb = = 2\n", ".codex/config.toml:2:5"],
    ["gemini", ".gemini/settings.json", '{ "mcpServers": [] }', "mcpServers is no object"],
    ["gemini", ".gemini/settings.json", Uint8Array.of(0x7b, 0xff, 0x7d), "is not UTF-8"],
    ["codex", ".codex/config.toml", Uint8Array.of(0x23, 0x20, 0xe9, 0x0a), "is not UTF-8"],
    // As Notepad once saved it.
    ["vscode", ".config/Code/User/mcp.json", Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0), "is not UTF-8"],
  ]

for (const [name, file, text, said] of invalid)
  on(`a file that is not valid is left alone: ${said}`, ({ at, hub, put }) =>
    Effect.gen(function* () {
      put(file, text)
      const before = fs.readFileSync(at(file))
      const refused = yield* hub(`install ${name}`)
      expect([refused.code, refused.err]).toEqual([2, expect.stringContaining(said)])
      expect(refused.err).toContain("left as it is")
      expect(fs.readFileSync(at(file))).toEqual(before)
      expect(fs.existsSync(at(".hub/backups"))).toBe(false)
      if (/:\d/.test(said)) expect((yield* hub("install --list")).out).toContain(said.replace("  ", " "))
    }),
  )

on("another server of the hub's name is not written over unless asked to", ({ hub, put, text }) =>
  Effect.gen(function* () {
    const other = '{ "mcpServers": { "hub": { "command": "docker", "args": ["run", "hub"] } } }'
    put(".cursor/mcp.json", other)
    for (const command of ["install", "uninstall"]) {
      const refused = yield* hub(`${command} cursor`)
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("starts something else")])
    }
    expect(text(".cursor/mcp.json")).toBe(other)
    expect((yield* hub("install cursor --force")).code).toBe(0)
    expect(text(".cursor/mcp.json")).not.toContain("docker")
    yield* hub("uninstall cursor")
    expect(text(".cursor/mcp.json")).toBe(other)
  }),
)

on(
  "a read-only file is refused, and no folder is needed to see that nothing is to be done",
  ({ at, hub, put }) =>
    Effect.gen(function* () {
      put(".cursor/mcp.json", "{}", 0o444)
      const refused = yield* hub("install cursor")
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("chmod u+w")])
      expect(fs.readdirSync(at(".cursor"))).toEqual(["mcp.json"])
      fs.chmodSync(at(".cursor/mcp.json"), 0o644)
      yield* hub("install cursor")
      fs.chmodSync(at(".cursor/mcp.json"), 0o444)
      expect((yield* hub("install cursor")).code).toBe(0)
    }),
)

// Not even root makes a folder there.
if (process.platform === "linux")
  on("a folder that nobody may write to is named", ({ hub }) =>
    Effect.gen(function* () {
      const refused = yield* hub("install codex --force", { env: { CODEX_HOME: "/sys/kernel" } })
      expect(refused.code).toBe(1)
      expect(refused.err).toContain("/sys/kernel/config.toml cannot be used: ")
      expect(refused.err).toContain("Nothing is changed.")
    }),
  )

on("what is no ordinary file is refused, and not opened", ({ at, hub }) =>
  Effect.gen(function* () {
    fs.mkdirSync(at(".cursor/mcp.json"), { recursive: true })
    Bun.spawnSync(["mkfifo", at(".claude.json")])
    for (const [name, file] of [
      ["cursor", ".cursor/mcp.json"],
      ["claude", ".claude.json"],
    ] as const) {
      const refused = yield* hub(`install ${name}`)
      expect([refused.code, refused.err]).toEqual([
        1,
        expect.stringContaining(`${at(file)} cannot be used: it is no`),
      ])
    }
    expect(fs.readdirSync(at(".cursor/mcp.json"))).toEqual([])
    expect((yield* hub("install --list")).out).toContain("it is no ordinary file")
  }),
)

on(
  "a file of megabytes is changed, and one that is no settings file is left alone",
  ({ at, hub, put, text }) =>
    Effect.gen(function* () {
      const projects = Object.fromEntries(
        Array.from({ length: 20_000 }, (_, n) => [`/srv/project-${n}`, { history: ["x".repeat(80)] }]),
      )
      const large = JSON.stringify({ projects, mcpServers: { other: { command: "x" } } }, null, 2)
      put(".claude.json", large)
      expect((yield* hub("install claude")).code).toBe(0)
      expect(Object.keys(JSON.parse(text(".claude.json")).mcpServers)).toEqual(["other", "hub"])
      yield* hub("uninstall claude")
      expect(text(".claude.json")).toBe(large)
      put(".cursor/mcp.json", "{}")
      fs.truncateSync(at(".cursor/mcp.json"), 40 * 1024 * 1024)
      const refused = yield* hub("install cursor")
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("larger than 32 MB")])
      expect(fs.statSync(at(".cursor/mcp.json")).size).toBe(40 * 1024 * 1024)
    }),
)

// Root may write where others may not: it is tried on disks of its own.
if (root) {
  on("a read-only disk and a full one are told, and leave the file as it was", ({ hub }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const disk = yield* mounted("64k")
        const file = path.join(disk, "config.toml")
        fs.writeFileSync(file, `# mine\n# ${"x".repeat(40_000)}\n`)
        const before = fs.readFileSync(file)
        const env = { CODEX_HOME: disk }
        const full = yield* hub("install codex", { env })
        expect([full.code, full.err]).toEqual([
          1,
          expect.stringContaining(`${file} cannot be used: the disk is full`),
        ])
        yield* remount(disk, "ro")
        const readonly = yield* hub("install codex", { env })
        expect([readonly.code, readonly.err]).toEqual([1, expect.stringContaining("the disk is read-only")])
        expect(fs.readFileSync(file)).toEqual(before)
        expect(fs.readdirSync(disk)).toEqual(["config.toml"])
      }),
    ),
  )
} else
  on("a folder that is read-only is told, and its file is as it was", ({ at, hub, put, text }) =>
    Effect.gen(function* () {
      put(".cursor/mcp.json", "{}")
      fs.chmodSync(at(".cursor"), 0o555)
      const refused = yield* hub("install cursor")
      fs.chmodSync(at(".cursor"), 0o755)
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("you may not")])
      expect([text(".cursor/mcp.json"), fs.readdirSync(at(".cursor"))]).toEqual(["{}", ["mcp.json"]])
    }),
  )

on("a client that is not there, and one that nobody knows, are told", ({ at, hub, put }) =>
  Effect.gen(function* () {
    const absent = yield* hub("install codex")
    expect([absent.code, absent.err]).toEqual([
      2,
      expect.stringContaining("Codex CLI is not on this machine"),
    ])
    expect(absent.err).toContain(`codex on PATH, or ${at(".codex")}`)
    put("programs/codex", "#!/bin/sh\nexit 1\n", 0o755)
    expect((yield* hub("install codex")).code).toBe(0)
    const unknown = yield* hub("install vscod")
    expect([unknown.code, unknown.err]).toEqual([
      2,
      expect.stringContaining('Did you mean "vscode"? Known: claude, '),
    ])
    expect(unknown.err).toContain("Known: claude, codex")
  }),
)

on("the list says where each entry leads", ({ at, hub, put }) =>
  Effect.gen(function* () {
    fs.mkdirSync(at(".claude"))
    yield* hub("install claude")
    yield* hub("install codex --force", { program: put("gone/hub", "") })
    yield* hub("install gemini --force", { program: put("other/hub", "") })
    yield* hub("install qwen --force", { env: { HUB_HOME: at("elsewhere") } })
    fs.symlinkSync("hub", at("bin/alias"))
    yield* hub("install droid --force", { program: at("bin/alias") })
    fs.rmSync(at("gone"), { recursive: true })
    put(".cursor/mcp.json", '{"mcpServers":{"hub":{"command":"x"}}}')
    yield* hub("install opencode --force --scope project")
    const { clients: found } = JSON.parse((yield* hub("install --list --json")).out) as {
      clients: ReadonlyArray<Record<string, string>>
    }
    const states = Object.fromEntries(found.map(({ client, scope, state }) => [`${client} ${scope}`, state]))
    expect(states).toMatchObject({
      "claude user": "here",
      "codex user": "stale",
      "gemini user": "other",
      "qwen user": "other",
      "droid user": "here",
      "cursor user": "foreign",
      "opencode user": "none",
      "opencode project": "here",
    })
    expect(states["claude project"]).toBeUndefined()
    expect(found.find(({ client }) => client === "claude")?.["installed"]).toBe(at(".claude"))
    expect((yield* hub("install")).out).toContain("one that is gone")
  }),
)

describe("two at once", () => {
  on("neither entry is lost, and no lock is left", ({ at, hub, put }) =>
    Effect.gen(function* () {
      put(".config/zed/settings.json", "{\n  // mine\n}\n")
      put(".claude.json", "{}")
      const names = ["zed", "claude"]
      const homes = ["a", "b", "c", "d"]
      const all = homes.flatMap((home) =>
        names.map((name) => hub(`install ${name} --force`, { env: { HUB_HOME: at(home) } })),
      )
      const codes = yield* Effect.forEach(all, (one) => Effect.map(one, ({ code }) => code), {
        concurrency: "unbounded",
      })
      expect(codes).toEqual(all.map(() => 0))
      expect(fs.readdirSync(at(".config/zed"))).toEqual(["settings.json"])
      const { mcpServers } = JSON.parse(fs.readFileSync(at(".claude.json"), "utf8"))
      expect(Object.keys(mcpServers)).toEqual(["hub"])
    }),
  )

  on("what another program writes under the lock meanwhile is all there", ({ at, hub, put }) =>
    Effect.scoped(
      Effect.gen(function* () {
        put(".claude.json", "{}")
        const writer = path.join(import.meta.dir, "install/fixtures/writer.ts")
        const other = yield* Effect.acquireRelease(
          Effect.sync(() => Bun.spawn([process.execPath, writer, at(".claude.json")], { stdout: "pipe" })),
          (child) => Effect.sync(() => child.kill("SIGKILL")),
        )
        const reader = other.stdout.getReader()
        // It writes from here on, again and again.
        yield* Effect.promise(() => reader.read())
        for (const command of [
          "install --force",
          "uninstall",
          "install --force",
          "uninstall",
          "install --force",
        ])
          expect((yield* hub(`${command} claude`)).code).toBe(0)
        other.kill("SIGTERM")
        yield* Effect.promise(() => other.exited)
        const { mcpServers, ...rest } = JSON.parse(fs.readFileSync(at(".claude.json"), "utf8"))
        expect(Object.keys(mcpServers)).toEqual(["hub"])
        const written = Object.keys(rest).length
        expect(written).toBeGreaterThan(0)
        expect(Object.keys(rest)).toEqual(Array.from({ length: written }, (_, n) => `n${n}`))
      }),
    ),
  )

  on("a lock that is held is waited for, and one that was left behind is not", ({ at, hub, put }) =>
    Effect.gen(function* () {
      put(".claude.json", "{}")
      fs.mkdirSync(at(".claude.json.lock"))
      const waiting = yield* Effect.forkChild(hub("install claude --force"), { startImmediately: true })
      // Whoever holds it is still writing.
      put(".claude.json", '{"written":"under the lock"}')
      fs.rmdirSync(at(".claude.json.lock"))
      expect(yield* Fiber.join(waiting)).toMatchObject({ code: 0 })
      expect(JSON.parse(fs.readFileSync(at(".claude.json"), "utf8"))).toMatchObject({
        written: "under the lock",
        mcpServers: {},
      })
      fs.mkdirSync(at(".claude.json.lock"))
      fs.utimesSync(at(".claude.json.lock"), 1, 1)
      expect((yield* hub("uninstall claude")).code).toBe(0)
      expect(fs.existsSync(at(".claude.json.lock"))).toBe(false)
    }),
  )
})

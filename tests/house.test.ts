/** The rules of the house that no single file can keep: whole plugins, the import table, exact versions, the seal. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { mkdtemp, mkdir, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { leaks } from "../bin/seal.ts"
import lintRules from "../.oxlintrc.json" with { type: "json" }
import manifest from "../package.json" with { type: "json" }

const root = join(import.meta.dir, "..")

const run = async (cwd: string, ...command: ReadonlyArray<string>) => {
  const child = Bun.spawn([process.execPath, ...command], { cwd, stdout: "pipe", stderr: "pipe" })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, code }
}

const foldersIn = async (path: string): Promise<Array<string>> => {
  if (!existsSync(join(root, path))) return []
  const entries = await readdir(join(root, path), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

test("every plugin folder is whole", async () => {
  const parts = ["index.ts", "README.md", "sample.toml", "index.test.ts"]
  const paths = (await foldersIn("plugins")).flatMap((plugin) =>
    parts.map((part) => `plugins/${plugin}/${part}`),
  )
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test.skipIf(!existsSync(join(root, "bin/generate.ts")))("generated files are fresh", async () => {
  const { code, err, out } = await run(root, "bin/generate.ts", "--check")
  expect(`${out}${err}${code}`).toEndWith("0")
})

test("dependencies have exact versions", () => {
  const versions = {
    ...manifest.dependencies,
    ...manifest.devDependencies,
    bun: manifest.packageManager.replace("bun@", ""),
  }
  expect(
    Object.entries(versions).filter(
      ([, version]) => !/^(?:npm:@?[\w/.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    ),
  ).toEqual([])
})

test("the lock file names no registry", async () => {
  expect(await Bun.file(join(root, "bun.lock")).text()).not.toMatch(/https?:\/\//)
})

test("a lookup that is left for run time is found in the bundle", async () => {
  const folder = join(root, "tests/fixtures/seal")
  const found = await leaks([join(folder, "entry.ts")], folder)
  expect(found.map(({ module }) => module)).toEqual(Array.from(found, () => "entry.ts"))
  const starts = found.map(
    ({ expression }) => /^[\w.]+(\("[^"]*"\)|\(?[\w`]*)/.exec(expression)?.[0] ?? expression,
  )
  expect(starts.sort()).toEqual([
    "Bun.resolveSync(name",
    "__require",
    "__require(name",
    "createRequire(import",
    'import("hub-fixture-missing")',
    "import(`hub",
    "import(name",
    "import.meta.require(name",
  ])
})

/** Who may import whom, said a second time and apart from the rules, which are tried against it below. */
const table: Readonly<
  Record<string, { readonly rooms: ReadonlyArray<string>; readonly bare: ReadonlyArray<string> }>
> = {
  edge: {
    rooms: ["dispatch", "host", "pipeline", "plugin", "services", "toml"],
    bare: [
      "@modelcontextprotocol/server",
      "bun:sqlite",
      "citty",
      "effect/http",
      "hono",
      "hono/cors",
      "jsonc-parser/lib/esm/main.js",
      "node:net",
    ],
  },
  dispatch: { rooms: ["host", "pipeline", "plugin", "services", "toml"], bare: ["effect/http"] },
  pipeline: { rooms: ["plugin", "services", "toml"], bare: [] },
  host: { rooms: ["plugin", "services", "toml"], bare: ["bun:sqlite", "effect/http", "node:net"] },
  live: {
    rooms: ["plugin", "services"],
    bare: ["bun:sqlite", "effect/http", "effect/process", "effect/sql", "effect/workflow", "node:net"],
  },
  plugin: { rooms: ["services"], bare: [] },
  services: { rooms: [], bare: [] },
  toml: { rooms: [], bare: ["smol-toml", "toml-eslint-parser"] },
  docs: { rooms: ["pipeline", "plugin"], bare: [] },
}
const rooms = [...Object.keys(table), "testing"].sort()
const outside = ["bench", "bin", "plugins", "tests"]
const bare = [
  ...new Set(Object.values(table).flatMap((row) => row.bare)),
  "evil",
  "hub/plugin",
  "hub/testing",
].sort()

/** A file to lint: the specifiers that it imports, one a line, in the order given. */
type Probes = Readonly<Record<string, ReadonlyArray<string>>>

const probes: Probes = {
  ...Object.fromEntries(
    rooms.flatMap((room) => [
      [
        `core/${room}/Probe.ts`,
        [
          "effect",
          "./Own.ts",
          ...rooms.filter((other) => other !== room).map((other) => `../${other}/X.ts`),
          ...outside.map((other) => `../../${other}/x.ts`),
          ...bare,
        ],
      ],
      [
        `core/${room}/deep/Probe.ts`,
        ["../Own.ts", "../../host/X.ts", "./../../live/X.ts"].filter((path) => !path.includes(`/${room}/`)),
      ],
    ]),
  ),
  "core/pipeline/Probe.test.ts": [
    "../live/X.ts",
    "../testing/api.ts",
    "bun:test",
    "node:fs",
    "../../plugins/x/index.ts",
    "../../bin/x.ts",
    "evil",
  ],
  "plugins/agent-x/index.ts": [
    "./own.ts",
    "effect",
    "hub/plugin",
    "hub/testing",
    "hub",
    "../agent-y/index.ts",
    "./../agent-y/index.ts",
    "../../core/plugin/api.ts",
    "node:fs",
    "bun:sqlite",
    "bun",
    "effect/process",
    "evil",
  ],
  "plugins/agent-x/deep/part.ts": [
    "../own.ts",
    "hub/plugin",
    "../../agent-y/index.ts",
    "./../../agent-y/index.ts",
    "node:fs",
  ],
  "plugins/agent-x/index.test.ts": [
    "./index.ts",
    "hub/plugin",
    "hub/testing",
    "bun:test",
    "node:fs",
    "../agent-y/index.ts",
    "../../core/plugin/api.ts",
    "evil",
  ],
  "bin/probe.ts": ["../core/live/X.ts", "../plugins/agent-x/index.ts", "node:fs", "evil"],
}

const refusedBy: Probes = {
  "core/pipeline/Probe.test.ts": ["../../plugins/x/index.ts", "../../bin/x.ts", "evil"],
  "plugins/agent-x/index.ts": [
    "hub/testing",
    "hub",
    "../agent-y/index.ts",
    "./../agent-y/index.ts",
    "../../core/plugin/api.ts",
    "node:fs",
    "bun:sqlite",
    "bun",
    "effect/process",
    "evil",
  ],
  "plugins/agent-x/deep/part.ts": ["../../agent-y/index.ts", "./../../agent-y/index.ts", "node:fs"],
  "plugins/agent-x/index.test.ts": ["../agent-y/index.ts", "../../core/plugin/api.ts", "evil"],
  "bin/probe.ts": [],
}

const forms: ReadonlyArray<string> = [
  `import { x } from "../live/X.ts"`,
  `import type { X } from "../live/X.ts"`,
  `export { x } from "../live/X.ts"`,
  `export * from "../live/X.ts"`,
  `export const x = () => import("../live/X.ts")`,
  `import "../live/X.ts"`,
  `export type X = import("../live/X.ts").X`,
  `export const x = () => require("../live/X.ts")`,
]

interface Diagnostic {
  readonly code: string
  readonly filename: string
  readonly labels: ReadonlyArray<{ readonly span: { readonly line: number } }>
}

describe("the import table", () => {
  let folder = ""
  let diagnostics: ReadonlyArray<Diagnostic> = []

  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await Bun.write(join(folder, path), text)
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "hub-house-"))
    await write(".oxlintrc.json", JSON.stringify({ ...lintRules, $schema: undefined }))
    for (const [path, specifiers] of Object.entries(probes))
      await write(path, specifiers.map((one) => `import ${JSON.stringify(one)}\n`).join(""))
    for (const [index, form] of forms.entries()) await write(`core/pipeline/form${index}.ts`, `${form}\n`)
    const { out } = await run(folder, join(root, "node_modules/.bin/oxlint"), "--format=json")
    diagnostics = JSON.parse(out).diagnostics
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** The specifiers of a probe that the rules refuse. */
  const refused = (path: string): Array<string> => {
    const lines = diagnostics
      .filter(({ code, filename }) => filename === path && code.includes("no-restricted-imports"))
      .map(({ labels }) => labels[0]?.span.line ?? 0)
    return (probes[path] ?? []).filter((_, index) => lines.includes(index + 1))
  }

  test.each(Object.keys(table))("core/%s imports what it may and nothing else", (room) => {
    const row = table[room]
    const may = [
      "effect",
      "./Own.ts",
      ...(row?.rooms ?? []).map((other) => `../${other}/X.ts`),
      ...(row?.bare ?? []),
    ]
    const path = `core/${room}/Probe.ts`
    expect(refused(path)).toEqual((probes[path] ?? []).filter((one) => !may.includes(one)))
    const isAllowed = (one: string) =>
      may.some((other) => one.endsWith(`./${other}`) || one === other) || one === "../Own.ts"
    const deep = `core/${room}/deep/Probe.ts`
    expect(refused(deep)).toEqual((probes[deep] ?? []).filter((one) => !isAllowed(one)))
  })

  test("core/testing imports anything in core and nothing outside it", () => {
    expect(refused("core/testing/Probe.ts")).toEqual(outside.map((other) => `../../${other}/x.ts`))
  })

  test.each(Object.keys(refusedBy))("%s imports what it may and nothing else", (path) => {
    expect(refused(path)).toEqual([...(refusedBy[path] ?? [])])
  })

  test.each(forms.map((form, index) => [form, index] as const))("refuses `%s`", (_, index) => {
    const rules = /no-restricted-imports|consistent-type-imports|no-require-imports/
    const hits = diagnostics.filter(
      ({ code, filename }) => filename === `core/pipeline/form${index}.ts` && rules.test(code),
    )
    expect(hits.length).toBeGreaterThan(0)
  })

  test("every room of core has its rules", async () => {
    expect((await foldersIn("core")).filter((room) => !rooms.includes(room))).toEqual([])
  })
})

test("every test is in a folder that `npm test` looks into", async () => {
  const script = await Bun.file(join(root, "bin/test.ts")).text()
  const folders = new Set([...script.matchAll(/"\.\/(\w+)"/g)].map(([, folder]) => folder))
  const files = [...new Bun.Glob("**/*.test.ts").scanSync({ cwd: root })].filter(
    (file) => !/(?:^|\/)(?:node_modules|dist)\//.test(file),
  )
  expect(files.filter((file) => !folders.has(file.split("/", 1)[0] ?? ""))).toEqual([])
})

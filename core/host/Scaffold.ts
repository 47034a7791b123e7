/** `hub plugin new KIND-NAME`: a folder whose tests pass at once, with the types that an editor needs beside it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { Effect, Schema } from "effect"
import { OperationFailed } from "../plugin/Operation.ts"
import archive from "./generated/types.json.gz" with { type: "file" }
import { type Kind, kinds, templates } from "./templates.ts"

export interface Scaffolded {
  readonly folder: string
  readonly files: ReadonlyArray<string>
  /** What to type next. */
  readonly next: ReadonlyArray<string>
}

/** Makes `parent/KIND-NAME`. Refuses a name of another form, and a folder that exists. */
export const create = Effect.fn("Scaffold.create")(function* (id: string, parent: string) {
  const [, kind, name] = /^([a-z]+)-([a-z][a-z0-9-]*)$/.exec(id) ?? []
  if (kind === undefined || name === undefined || !isKind(kind))
    return yield* refused(
      "invalid",
      `${JSON.stringify(id)}: a plugin is named KIND-NAME, in lower case, with KIND one of ${kinds.join(", ")}. For example: agent-acme`,
    )
  const folder = path.resolve(parent, id)
  if (existsSync(folder))
    return yield* refused("conflict", `${folder} exists already. Choose another name, or remove it.`)
  const files = { ...common(id, name), ...templates[kind](name), ...(yield* types) }
  yield* Effect.try({
    try: () => writeAll(folder, files),
    catch: (error) => refused("unavailable", `cannot write ${folder}: ${(error as Error).message}`),
  })
  const shown = Object.keys(files).filter((file) => !file.startsWith("types/"))
  return {
    folder,
    files: [...shown, "types/"],
    next: [
      `hub plugin test ${folder}`,
      `Copy sample.toml into plugins.toml of HUB_HOME, with use = ${JSON.stringify(folder)}`,
    ],
  } satisfies Scaffolded
})

const isKind = (text: string): text is Kind => (kinds as ReadonlyArray<string>).includes(text)

const refused = (code: OperationFailed["code"], message: string) => new OperationFailed({ code, message })

const Files = Schema.fromJsonString(Schema.Record(Schema.String, Schema.String))

/** The declarations, from the archive that the build made. */
const types = Effect.gen(function* () {
  const packed = yield* Effect.try({
    try: () => readFileSync(archive),
    catch: () => refused("unavailable", "this hub was built without type declarations"),
  })
  const files = yield* Effect.orDie(
    Schema.decodeUnknownEffect(Files)(new TextDecoder().decode(Bun.gunzipSync(packed))),
  )
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`types/${name}`, text]))
})

const writeAll = (folder: string, files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
}

const common = (id: string, name: string): Record<string, string> => ({
  "README.md": `# ${id}\n\nWhat it does, for whom, and what it needs on the machine.\n\n    hub plugin test .        its tests, and what every plugin of its kind must stand\n    hub plugin info ${name}    its config and contributions, once it stands in plugins.toml\n\n\`types/\` is for your editor: the declarations of \`hub/plugin\`, \`hub/testing\` and \`effect\`, as this hub has them.\nNothing needs to be installed; packages of your own go into \`node_modules\` beside \`index.ts\`.\n`,
  "tsconfig.json": `${JSON.stringify(tsconfig, undefined, 2)}\n`,
})

const tsconfig = {
  compilerOptions: {
    target: "esnext",
    lib: ["esnext", "dom", "dom.iterable"],
    module: "esnext",
    moduleResolution: "bundler",
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    paths: {
      "hub/plugin": ["./types/hub/plugin/api.d.ts"],
      "hub/testing": ["./types/hub/testing/api.d.ts"],
      effect: ["./types/effect/index.d.ts"],
      "effect/testing": ["./types/effect/testing/index.d.ts"],
      "effect/*": ["./types/effect/*.d.ts"],
    },
  },
  include: ["*.ts"],
}

/** Writes every generated file; with `--check` says which are not as they would be written. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { agentReference } from "../core/docs/AgentReference.ts"
import { pipelineReference } from "../core/docs/PipelineReference.ts"
import { pipelineSchema } from "../core/docs/PipelineSchema.ts"
import { isOurs, readme, sample } from "../core/docs/PluginPage.ts"
import { conditions } from "../core/pipeline/conditions/index.ts"
import { kinds } from "../core/pipeline/kinds/index.ts"
import { Processes } from "../core/services/Processes.ts"
import type { Plugin } from "../core/plugin/Plugin.ts"
import { readRecordings } from "../core/testing/recordings.ts"
import { builtin } from "./builtin.ts"
import { contributionsOf, listed } from "./contributions.ts"

const root = join(import.meta.dir, "..")

const read = (path: string): string | undefined =>
  existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined

const unused = Processes.of({
  run: () => Effect.die("documents ask nothing"),
  open: () => Effect.die("documents ask nothing"),
  which: () => Effect.die("documents ask nothing"),
})

const language = {
  kinds: kinds.values().toArray(),
  conditions: conditions({ processes: unused, env: {} }).values().toArray(),
}

const samples = await Promise.all(
  Object.values(builtin).map(async (load) => {
    const plugin: Plugin = (await load()).default
    const written = read(`plugins/${plugin.id}/sample.toml`)
    const text = written === undefined || isOurs(written) ? sample(plugin) : written
    return { plugin, text, made: await contributionsOf(plugin, text) }
  }),
)

const pluginFiles = ({ made, plugin, text }: (typeof samples)[number]) => {
  const folder = `plugins/${plugin.id}`
  const contributes = made && listed(made)
  return [
    [`${folder}/README.md`, readme(read(`${folder}/README.md`), { ...plugin, contributes })],
    [`${folder}/sample.toml`, text],
  ] as const
}

/** Of every plugin that has some. */
const recordings = Object.keys(builtin)
  .map((id) => join(root, "plugins", id, "fixtures"))
  .filter((folder) => existsSync(join(folder, "index.json")))
  .map(readRecordings)

/** Those that are one program each, not a way to describe any. */
const agents = samples
  .filter(({ plugin }) => existsSync(join(root, "plugins", plugin.id, "fixtures", "index.json")))
  .flatMap(({ made }) => made?.agents ?? [])
  .filter((agent) => agent.kind === "program")

const files: ReadonlyArray<readonly [string, string]> = [
  ["docs/schema/pipeline.json", pipelineSchema(language)],
  ["docs/reference/agents.md", agentReference(agents, recordings)],
  ["docs/reference/pipelines.md", pipelineReference(language)],
  ...samples.flatMap(pluginFiles),
]

const stale = files.filter(([path, text]) => read(path) !== text)
if (Bun.argv.includes("--check")) {
  for (const [path] of stale) console.error(`${path} is not as it would be generated. Run: bun run docs`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    console.log(`wrote ${path}`)
  }
}

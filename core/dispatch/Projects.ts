/** Projects by name, from `$HUB_HOME/projects.toml`. Read anew when the file has changed. */
import { Context, Effect, Layer, Option, Ref, Schema } from "effect"
import * as Field from "../plugin/Field.ts"
import { Files } from "../services/Files.ts"
import { Home } from "../services/Home.ts"
import type { FileFailed } from "../services/Workspace.ts"
import { decode, type Invalid, parse, type TomlSyntax } from "../toml/Toml.ts"

const Name = Schema.NonEmptyString
export const Project = Schema.Struct({
  path: Field.required(Name, "Absolute folder of the project; `~/` stands for the user's home."),
  agent: Field.optional(Name, "The agent to ask when a dispatch names neither pipeline nor agent."),
  fallback: Field.optional(Schema.Array(Name), "Agents to try after it, in order."),
  pipeline: Field.optional(Name, "The pipeline to run when a dispatch names none. Wins over `agent`."),
  tags: Field.optional(Schema.Array(Name), "Words that conditions may ask for."),
})
export type Project = typeof Project.Type

export const ProjectsToml = Schema.Struct({
  project: Field.withDefault(Schema.Record(Schema.String, Project), {}, "One table for each project."),
})

interface Read {
  readonly stamp: string
  readonly projects: ReadonlyMap<string, Project>
}

export type ProjectsError = FileFailed | TomlSyntax | Invalid

export class Projects extends Context.Service<
  Projects,
  { readonly all: Effect.Effect<ReadonlyMap<string, Project>, ProjectsError> }
>()("hub/dispatch/Projects") {}

/** What a run knows of its project, as the file says it now; no tags while it cannot be read. */
export const ofRun = Effect.fnUntraced(function* (projects: Projects["Service"], name: string | null) {
  if (name === null) return undefined
  const all = yield* Effect.orElseSucceed(projects.all, () => new Map<string, Project>())
  return { name, tags: all.get(name)?.tags ?? [] }
})

export const layer = Layer.effect(
  Projects,
  Effect.gen(function* () {
    const files = yield* Files
    const home = yield* Home
    const file = `${home.path}/projects.toml`
    const last = yield* Ref.make<Read | undefined>(undefined)

    const read = Effect.gen(function* () {
      const { stamp, text } = yield* files.read(file)
      const { project } = yield* decode(ProjectsToml, yield* parse(text, file))
      const projects = new Map(Object.entries(project))
      yield* Ref.set(last, { stamp, projects })
      return projects as ReadonlyMap<string, Project>
    })

    const all = Effect.gen(function* () {
      const stamp = yield* files.stamp(file)
      if (Option.isNone(stamp)) return new Map<string, Project>()
      const known = yield* Ref.get(last)
      return known?.stamp === stamp.value ? known.projects : yield* read
    })
    return { all }
  }),
)

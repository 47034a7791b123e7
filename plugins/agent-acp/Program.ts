/** The agent's program: started as its preset says, and heard beside the protocol. */
import { Effect, type Scope, Stream } from "effect"
import { type Agent, type Conversation, Failure, type Processes, type Workspace } from "hub/plugin"
import type { Environment, Preset } from "./Presets.ts"
import type { Setting } from "./Session.ts"

/** What it needs of the hub. */
export interface Tools {
  readonly processes: Processes["Service"]
  readonly workspace: Workspace["Service"]
}

export interface Started extends Conversation {
  /** Of the log that it keeps instead of saying it on stderr; nothing of any other. */
  readonly log: Stream.Stream<string>
}

/** Ends with the scope. */
export const start = Effect.fnUntraced(function* (
  { processes, workspace }: Tools,
  { config, preset }: Setting,
  request: Agent.AgentRequest,
): Effect.fn.Return<Started, Failure.Failure, Scope.Scope> {
  const { cwd, dir, model = config.model, run_id } = request
  const log = logOf(preset, request)
  const tools = config.hub_tools ? preset.hub?.env : undefined
  const given = {
    ...(yield* written(workspace, preset)),
    ...log.env,
    ...tools,
    ...config.env,
    ...request.env,
  }
  const command = {
    program: config.program ?? preset.program,
    args: [...preset.args, ...(model === undefined ? [] : (preset.model?.(model) ?? [])), ...config.args],
    cwd,
    env: { ...given, ...preset.env?.(given) },
  }
  const program = yield* Effect.mapError(processes.open(command, { run_id, dir }), (error) =>
    Failure.of(error._tag === "ProgramMissing" ? "missing_program" : "crashed", error.message),
  )
  return { ...program, log: log.file === undefined ? Stream.empty : grown(processes, log.file, request) }
})

/** In the attempt's own temporary folder, and gone with it. */
const logOf = ({ log }: Preset, { dir, env }: Agent.AgentRequest): Log => {
  if (log === undefined) return { env: {} }
  const file = `${env?.["TMPDIR"] ?? dir}/agent.log`
  return { file, env: { [log]: file } }
}

interface Log {
  readonly file?: string
  readonly env: Environment
}

/** The file's lines, also before there is one. Without `tail` it is done without. */
const grown = (processes: Tools["processes"], file: string, { cwd, dir, run_id }: Agent.AgentRequest) =>
  processes.open({ program: "tail", args: ["-n", "+1", "-F", file], cwd }, { run_id, dir }).pipe(
    Effect.map(({ lines }) => lines),
    Effect.orElseSucceed(() => Stream.empty),
    Stream.unwrap,
  )

/** The variable that says where the preset's file stands; none where it cannot be written, for it can do without. */
const written = (workspace: Tools["workspace"], { file }: Preset) =>
  Effect.gen(function* () {
    if (file === undefined) return {}
    const path = `${yield* workspace.data}/${file.name}`
    yield* workspace.write(path, file.text)
    return { [file.variable]: path }
  }).pipe(Effect.orElseSucceed((): Environment => ({})))

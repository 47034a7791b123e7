/** `hub plugin test PATH`: the plugin as its sample.toml sets it up, through the real host, the suite of each kind, its own tests. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { Cause, Duration, Effect, Exit, Layer, Schema, type Scope } from "effect"
import {
  type AgentHandle,
  type Catalogue,
  type OperationHandle,
  Registry,
  type SinkHandle,
} from "../plugin/Catalogue.ts"
import type { Failure } from "../plugin/Failure.ts"
import type { OperationFailed } from "../plugin/Operation.ts"
import { silent } from "../plugin/Talk.ts"
import type { RunEvent } from "../services/Events.ts"
import type { Supervisor } from "../services/Supervisor.ts"
import { parse, set } from "../toml/Toml.ts"
import * as Host from "./Host.ts"
import * as HostModules from "./HostModules.ts"
import * as Hub from "./Registry.ts"
import { entryOf } from "./Source.ts"
import { toJson } from "./Wire.ts"

export interface Tested {
  readonly name: string
  readonly ok: boolean
  /** Why not. */
  readonly detail?: string | undefined
}

class CheckFailed extends Schema.TaggedError<CheckFailed>()("CheckFailed", { message: Schema.String }) {}

const checkFailed = (error: unknown) =>
  new CheckFailed({ message: error instanceof Error ? error.message : String(error) })

/** `hub/testing`, as far as it is used here. */
interface Suites {
  readonly collect: (
    load: () => Promise<unknown>,
  ) => Promise<ReadonlyArray<{ readonly name: string; readonly run: () => Promise<void> }>>
  readonly agentChecks: (
    agent: object,
    recordings: ReadonlyArray<{ readonly name: string; readonly text: string }>,
  ) => ReadonlyArray<Check>
  readonly operationChecks: (operation: OperationSubject) => ReadonlyArray<Check>
  readonly sinkChecks: (sink: {
    readonly id: string
    readonly receive: (event: RunEvent) => Effect.Effect<void>
  }) => ReadonlyArray<Check>
}

type OperationSubject = Pick<OperationHandle, "name" | "readonly" | "input" | "output"> & {
  readonly run: (input: unknown) => Effect.Effect<unknown, OperationFailed>
}

interface Check {
  readonly name: string
  readonly run: Effect.Effect<void, unknown, Supervisor>
}

/** The real services over a temporary home; the plugin's own storage is empty. */
export type Around = Pick<Host.Options, "servicesFor" | "migrate" | "runner" | "limits">

/** Runs everything and gives one line for each check. Never fails: what goes wrong is a check that did not hold. */
export const run = (
  folder: string,
  around: Around,
): Effect.Effect<ReadonlyArray<Tested>, never, Supervisor> =>
  Effect.gen(function* () {
    const entry = existsSync(folder) ? entryOf(realpathSync(folder)) : undefined
    if (entry === undefined)
      return [{ name: "the folder is a plugin", ok: false, detail: `${folder} has no index.ts` }]
    const suites = (yield* Effect.promise(() => HostModules.load("hub/testing"))) as Suites
    const hosted = yield* Effect.exit(Effect.scoped(throughHost(path.dirname(entry), entry, around, suites)))
    const own = yield* ownTests(path.dirname(entry), suites)
    return Exit.isSuccess(hosted)
      ? [...hosted.value, ...own]
      : [{ name: "sample.toml", ok: false, detail: reasonOf(hosted.cause) }, ...own]
  })

const throughHost = (folder: string, entry: string, around: Around, suites: Suites) =>
  Effect.gen(function* () {
    const home = yield* temporary
    const file = path.join(home, "plugins.toml")
    writeFileSync(file, yield* sampleFor(path.join(folder, "sample.toml"), entry))
    const limits = { ...around.limits, patience: longestStart }
    const host = Host.layer({ ...around, limits, file, home, fallback: "", builtin: {}, lenient: true })
    const context = yield* Layer.build(Layer.provideMerge(host, Hub.layer))
    const current = Effect.provideContext(
      Effect.flatMap(Registry, ({ current }) => current),
      context,
    )
    const catalogue = yield* current
    const recordings = recordingsOf(path.join(folder, "fixtures"))
    const checks = yield* Effect.forEach(checksOf(catalogue, suites, recordings), tested)
    return [...states(catalogue), ...checks, ...broken(yield* current)]
  })

/** Nobody else waits here for one that is slow: it has all the time that a plugin may take. */
const longestStart = Duration.minutes(1)

const temporary: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => realpathSync(mkdtempSync(path.join(tmpdir(), "hub-plugin-test-")))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
)

const Sample = Schema.Struct({ plugin: Schema.Record(Schema.String, Schema.Unknown) })

/** The sample, with every instance using the code under test. */
const sampleFor = Effect.fnUntraced(function* (file: string, entry: string) {
  let text = yield* Effect.try({
    try: () => readFileSync(file, "utf8"),
    catch: () =>
      new CheckFailed({
        message: `${file} is missing: it shows how the plugin is configured, and is what the tests run`,
      }),
  })
  const { value } = yield* parse(text, file)
  const { plugin } = yield* Schema.decodeUnknownEffect(Sample)(value)
  for (const name of Object.keys(plugin)) text = yield* set(text, ["plugin", name, "use"], entry, file)
  return text
})

const states = ({ plugins }: Catalogue): ReadonlyArray<Tested> =>
  plugins.map(({ failure, instance, state }) => ({
    name: `${instance}: starts as sample.toml sets it up`,
    ok: state === "ready",
    ...(failure === undefined ? {} : { detail: `${failure.phase}: ${failure.detail}` }),
  }))

/** The border keeps what breaks inside a call from the caller, but not from the plugin's state. */
const broken = ({ plugins }: Catalogue): ReadonlyArray<Tested> =>
  plugins
    .filter(({ state }) => state === "ready")
    .map(({ failure, instance }) => ({
      name: `${instance}: no call broke`,
      ok: failure === undefined,
      ...(failure === undefined ? {} : { detail: failure.detail }),
    }))

const checksOf = (
  catalogue: Catalogue,
  suites: Suites,
  recordings: ReadonlyArray<{ readonly name: string; readonly text: string }>,
): ReadonlyArray<Check> => [
  ...[...catalogue.agents.values()].flatMap((agent) =>
    agent.kind === "program"
      ? named(`agent ${agent.id}`, suites.agentChecks(subjectOf(agent), recordings))
      : [],
  ),
  ...catalogue.sinks.flatMap((sink) => named(`sink ${sink.id}`, suites.sinkChecks(sinkOf(sink)))),
  ...[...catalogue.operations.values()].flatMap((operation) => [
    shown(`operation ${operation.name}`, operation.input, operation.output),
    ...named(`operation ${operation.name}`, suites.operationChecks(operationOf(operation))),
  ]),
  ...[...catalogue.steps.values()].map((step) => shown(`step kind ${step.type}`, step.config)),
  ...[...catalogue.conditions.values()].map((condition) =>
    shown(`condition ${condition.id}`, condition.config),
  ),
]

const named = (what: string, checks: ReadonlyArray<Check>) =>
  checks.map(({ name, run }) => ({ name: `${what}: ${name}`, run }))

const shown = (what: string, ...schemas: ReadonlyArray<Schema.Top>): Check => ({
  name: `${what}: its schemas can be shown as JSON Schema`,
  run: Effect.try({ try: () => schemas.forEach(toJson), catch: checkFailed }),
})

const subjectOf = (agent: Extract<AgentHandle, { readonly kind: "program" }>) => ({
  id: agent.id,
  program: agent.program,
  launch: agent.launch,
  decode: (
    request: Parameters<typeof agent.decoder>[0],
    lines: ReadonlyArray<string>,
    exit: Parameters<Effect.Success<ReturnType<typeof agent.decoder>>["end"]>[0],
  ) =>
    Effect.scoped(
      Effect.gen(function* () {
        const decoder = yield* agent.decoder(request)
        const events = yield* decoder.feed(lines, "stdout")
        const end = yield* Effect.catch(decoder.end(exit), (failure) =>
          failure.class === "adapter_mismatch" ? Effect.fail(failure) : Effect.succeed<Failure>(failure),
        )
        return { events, end }
      }),
    ),
})

const operationOf = ({ input, name, output, readonly, run }: OperationHandle): OperationSubject => ({
  name,
  readonly,
  input,
  output,
  run: (given) => run(given, { door: "plugin", client: "hub plugin test" }, silent),
})

const sinkOf = (sink: SinkHandle) => ({ id: sink.id, receive: sink.receive })

const recordingsOf = (folder: string) =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /\.(jsonl|ndjson|txt)$/.test(name))
        .sort()
        .map((name) => ({ name, text: readFileSync(path.join(folder, name), "utf8") }))
    : []

const LIMIT = Duration.seconds(60)

const tested = ({ name, run }: Check): Effect.Effect<Tested, never, Supervisor> =>
  Effect.map(Effect.exit(Effect.timeout(run, LIMIT)), (exit) =>
    Exit.isSuccess(exit) ? { name, ok: true } : { name, ok: false, detail: reasonOf(exit.cause) },
  )

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

/** The folder's `*.test.ts`, run here: there need be no test runner on the machine. */
const ownTests = (folder: string, suites: Suites): Effect.Effect<ReadonlyArray<Tested>, never, Supervisor> =>
  Effect.map(
    Effect.forEach(
      readdirSync(folder)
        .filter((name) => /\.test\.[tj]s$/.test(name))
        .sort(),
      (name) => fileTests(folder, name, suites),
    ),
    (files) => files.flat(),
  )

const fileTests = (
  folder: string,
  name: string,
  suites: Suites,
): Effect.Effect<ReadonlyArray<Tested>, never, Supervisor> =>
  Effect.tryPromise({
    try: () => suites.collect(() => import(`${path.join(folder, name)}?v=${Date.now()}`)),
    catch: checkFailed,
  }).pipe(
    Effect.flatMap((tests) =>
      Effect.forEach(tests, (one) =>
        tested({
          name: `${name}: ${one.name}`,
          run: Effect.tryPromise({ try: one.run, catch: checkFailed }),
        }),
      ),
    ),
    Effect.catchCause((cause) => Effect.succeed([{ name, ok: false, detail: reasonOf(cause) }])),
  )

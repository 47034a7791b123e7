/**
 * A hub without doors: the host over the real services, driven by JSON lines on stdin. Compiled by `binary.ts`, so that
 * plugins meet the same program as in dist/hub.
 */
// @effect-diagnostics unsafeEffectTypeAssertion:off
/* oxlint-disable typescript/no-explicit-any -- questions are JSON */
import { Context, Duration, Effect, Exit, Layer, Stream } from "effect"
import { call } from "../../core/edge/Call.ts"
import * as Host from "../../core/host/Host.ts"
import * as HostModules from "../../core/host/HostModules.ts"
import * as PluginInfo from "../../core/host/PluginInfo.ts"
import { run } from "../../core/host/PluginProcess.ts"
import * as PluginTest from "../../core/host/PluginTest.ts"
import * as Hub from "../../core/host/Registry.ts"
import * as Scaffold from "../../core/host/Scaffold.ts"
import * as Sinks from "../../core/host/Sinks.ts"
import * as Database from "../../core/live/Database.ts"
import * as EventsLive from "../../core/live/Events.ts"
import * as Home from "../../core/live/Home.ts"
import * as HttpLive from "../../core/live/Http.ts"
import * as ProcessesLive from "../../core/live/Processes.ts"
import * as SecretsLive from "../../core/live/Secrets.ts"
import * as StorageLive from "../../core/live/Storage.ts"
import * as SupervisorLive from "../../core/live/Supervisor.ts"
import * as WorkspaceLive from "../../core/live/Workspace.ts"
import { Registry } from "../../core/plugin/Catalogue.ts"
import { type Catalogue } from "../../core/plugin/Catalogue.ts"
import { asking, type Talk } from "../../core/plugin/Talk.ts"
import { Events } from "../../core/services/Events.ts"
import { Http } from "../../core/services/Http.ts"
import { Processes } from "../../core/services/Processes.ts"
import { RunRefused, Runs } from "../../core/services/Runs.ts"
import { Secrets } from "../../core/services/Secrets.ts"
import { Storage } from "../../core/services/Storage.ts"
import { Workspace } from "../../core/services/Workspace.ts"

// The log goes to stderr: stdout is the test's.
Object.assign(console, { log: console.error, info: console.error, warn: console.error, debug: console.error })

const say = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`)

const noRuns = () => Effect.fail(new RunRefused({ code: "unavailable", message: "no runs here" }))

const options = (
  home: string,
  limits: Host.Options["limits"],
  context: Context.Context<any>,
): Host.Options => ({
  home,
  fallback: "",
  builtin: {},
  watch: true,
  limits,
  reserved: { steps: ["agent"], operations: ["dispatch"] },
  servicesFor: (instance) =>
    Effect.all([StorageLive.forPlugin(instance), WorkspaceLive.forPlugin(instance)]).pipe(
      Effect.map(([storage, workspace]) =>
        Context.pick(
          Events,
          Http,
          Processes,
          Secrets,
        )(context).pipe(
          Context.add(Storage, storage),
          Context.add(Workspace, workspace),
          Context.add(Runs, { dispatch: noRuns, get: noRuns, list: noRuns, cancel: noRuns, wait: noRuns }),
        ),
      ),
      Effect.provideContext(context),
    ) as never,
  migrate: (_, plugin, migrations) => Effect.provideContext(StorageLive.migrate(plugin, migrations), context),
})

const caller = { door: "cli", client: "test" } as const

const context = { id: "s", run_id: "r", cwd: "/", project: undefined, input: {} }

/** Gives what was answered, and what was said before. */
const listening = <A, E>(
  replies: Record<string, unknown> | undefined,
  body: (talk: Talk) => Effect.Effect<A, E>,
) => {
  const said: Array<unknown> = []
  const hear = (one: unknown) => Effect.sync(() => void said.push(one))
  const talk: Talk = { progress: hear, log: (level, data) => hear([level, data]), ask: asking(replies ?? {}) }
  return Effect.map(body(talk), (answered) => ({ answered, said }))
}

/** What a test may ask for. */
const asked = (
  catalogue: Catalogue,
  what: string,
  id: string,
  given: any,
): Effect.Effect<unknown, unknown, any> => {
  const missing = Effect.fail({ message: `no ${what} ${id}` })
  switch (what) {
    case "operation": {
      const operation = catalogue.operations.get(id)
      return operation === undefined
        ? missing
        : Effect.map(call(operation, given, caller), ({ output }) => output)
    }
    case "call": {
      const operation = catalogue.operations.get(id)
      if (operation === undefined) return missing
      return listening(given.replies, (talk) => call(operation, given.input, caller, talk))
    }
    case "resource": {
      const resource = catalogue.resources.find(({ uri }) => uri === id)
      if (resource === undefined) return missing
      return Effect.map(
        listening(given.replies, (talk) => resource.read(given.variables ?? {}, caller, talk)),
        (heard) => ({ ...heard, title: resource.title }),
      )
    }
    case "changes": {
      const changes = catalogue.resources.find(({ uri }) => uri === id)?.changes
      if (changes === undefined) return missing
      return Stream.runCount(Stream.take(changes(given.variables), given.take))
    }
    case "completion": {
      const resource = catalogue.resources.find(({ uri }) => uri === id)
      const prompt = catalogue.prompts.find(({ name }) => name === id)
      return (
        resource?.complete?.(given.name, given.typed) ??
        prompt?.complete?.(given.name, given.typed, given.others) ??
        missing
      )
    }
    case "prompt": {
      const prompt = catalogue.prompts.find(({ name }) => name === id)
      if (prompt === undefined) return missing
      return Effect.map(
        listening(undefined, (talk) => prompt.render(given, talk)),
        (heard) => ({ ...heard, title: prompt.title }),
      )
    }
    case "route": {
      const route = catalogue.routes.find(({ method, path }) => `${method} ${path}` === id)
      if (route === undefined) return missing
      const { bytes, init, params, url } = given
      const request = new Request(url, {
        ...init,
        ...(bytes === undefined ? {} : { body: new Uint8Array(bytes) }),
      })
      return Effect.flatMap(route.handle(request, caller, params), (response) =>
        Effect.promise(async () => ({
          status: response.status,
          headers: [...response.headers],
          body: await response.text(),
        })),
      )
    }
    case "condition":
      return catalogue.conditions.get(id)?.holds(given, { ...context, step: "s" }) ?? missing
    case "step":
      return (
        catalogue.steps.get(id)?.run(given, {
          ...context,
          render: (text) => Effect.succeed(`rendered ${text}`),
          step: () => Effect.succeed(undefined),
          agent: () => Effect.succeed({ text: "answered" }),
          command: () => Effect.succeed({ code: 0, signal: null, output: "" }),
          once: (_, __, effect) => effect,
          say: () => Effect.void,
        }) ?? missing
      )
    case "agent": {
      const agent = catalogue.agents.get(id)
      if (agent?.kind !== "program") return missing
      const request = {
        run_id: "r",
        attempt: 1,
        prompt: "hi",
        cwd: "/",
        dir: "/",
        prompt_file: "/p",
        ...given.request,
      }
      return Effect.gen(function* () {
        const launch = yield* agent.launch(request)
        const decoder = yield* agent.decoder(request)
        const events = yield* decoder.feed(given.lines, "stdout")
        const exit = { code: 0, signal: null, timed_out: false, lost: false, ended_at: 0 }
        return { program: agent.program, launch, events, answer: yield* decoder.end(exit) }
      })
    }
    case "event":
      return Effect.flatMap(Events, (events) => events.append(id, [given]))
    default:
      return missing
  }
}

const serve = Effect.gen(function* () {
  const registry = yield* Registry
  const host = yield* Host.Host
  yield* Effect.forkScoped(
    Stream.runForEach(registry.changes, ({ plugins, revision }) =>
      Effect.sync(() => say({ plugins, revision })),
    ),
  )
  yield* Stream.fromAsyncIterable(console, String).pipe(
    Stream.mapEffect(
      (line) =>
        Effect.gen(function* () {
          const { given, id, n, what } = JSON.parse(line)
          const work: Effect.Effect<unknown, unknown, any> =
            what === "problem"
              ? host.problem
              : what === "info"
                ? PluginInfo.info(id)
                : Effect.flatMap(registry.current, (now) => asked(now, what, id, given))
          const exit = yield* Effect.exit(Effect.scoped(work))
          say(Exit.isSuccess(exit) ? { n, ok: exit.value ?? null } : { n, failed: failureOf(exit) })
        }),
      { concurrency: "unbounded" },
    ),
    Stream.runDrain,
  )
})

const failureOf = (exit: Exit.Failure<unknown, unknown>) => {
  const error = Exit.findErrorOption(exit)
  return error._tag === "Some"
    ? { ...(error.value as object), message: (error.value as Error).message }
    : { message: String(exit.cause) }
}

const spans = (limits: Record<string, number>) =>
  Object.fromEntries(Object.entries(limits).map(([name, ms]) => [name, Duration.millis(ms)]))

const main = (home: string, limits: Record<string, number>) => {
  HostModules.register({ "hub/testing": () => import("../../core/testing/api.ts") })
  const base = Layer.mergeAll(SecretsLive.layer, Database.layer).pipe(Layer.provideMerge(Home.layer(home)))
  const services = Layer.mergeAll(EventsLive.layer, HttpLive.layer, ProcessesLive.layer).pipe(
    Layer.provideMerge(base),
  )
  const host = Layer.unwrap(
    Effect.map(Effect.context<any>(), (context) => Host.layer(options(home, spans(limits), context))),
  )
  const all = Layer.mergeAll(host, Sinks.layer).pipe(
    Layer.provideMerge(Hub.layer),
    Layer.provideMerge(services as never),
  )
  Effect.runPromise(
    Effect.scoped(Effect.provide(serve, all as Layer.Layer<any>)) as Effect.Effect<void>,
  ).then(
    () => process.exit(0),
    (error) => {
      say({ refused: String(error?.message ?? error) })
      process.exit(1)
    },
  )
}

/** `new ID PARENT` and `test FOLDER`: one line of JSON, as the command line prints it. */
const tool = (first: string, rest: ReadonlyArray<string>) => {
  HostModules.register({ "hub/testing": () => import("../../core/testing/api.ts") })
  const home = process.env["HUB_HOME"] ?? ""
  const base = Layer.mergeAll(SecretsLive.layer, Database.layer).pipe(Layer.provideMerge(Home.layer(home)))
  const services = Layer.mergeAll(
    EventsLive.layer,
    HttpLive.layer,
    ProcessesLive.layer,
    SupervisorLive.layer,
  ).pipe(Layer.provideMerge(base))
  const work =
    first === "new"
      ? Scaffold.create(rest[0] ?? "", rest[1] ?? "")
      : Effect.flatMap(Effect.context<any>(), (context) =>
          PluginTest.run(rest[0] ?? "", options(home, {}, context)),
        )
  void Effect.runPromiseExit(
    Effect.provide(
      work as Effect.Effect<unknown, unknown, any>,
      services as Layer.Layer<any>,
    ) as Effect.Effect<unknown, unknown>,
  ).then((exit) => {
    say(Exit.isSuccess(exit) ? { ok: exit.value } : { failed: failureOf(exit) })
    process.exit(0)
  })
}

const [first, ...rest] = process.argv.slice(2)
if (first === "__plugin") void run(rest)
else if (first === "new" || first === "test") tool(first, rest)
else main(first ?? "", JSON.parse(rest[0] ?? "{}"))

/** Follows plugins.toml: brings the instances to what it says, each time it, or a file of a plugin, changes. */
import * as path from "node:path"
import { Effect, Stream, SubscriptionRef } from "effect"
import { about } from "../services/Log.ts"
import type { Invalid, TomlSyntax } from "../toml/Toml.ts"
import { bringUp, close, currentKey, type Shared } from "./Life.ts"
import { locate, type PluginsToml, read } from "./PluginsToml.ts"
import * as Settings from "./Settings.ts"
import { filesOf } from "./Source.ts"
import { watch } from "./Watch.ts"

const here = { component: "host" }

export type Reload = Effect.Success<ReturnType<typeof make>>

/** The file as it was read last, and whether it is good now. */
export const make = Effect.fnUntraced(function* (shared: Shared) {
  const { alone, catalogues, options } = shared
  const serve = yield* SubscriptionRef.make(Settings.serve)
  let toml: PluginsToml | undefined
  let problem: Invalid | TomlSyntax | undefined

  /** A file that does not count is told in the catalogue; the plugins of the last good one run on. */
  const next = Effect.gen(function* () {
    const found = yield* Effect.tapError(read(options), (error) => {
      problem = error
      return catalogues.problem(error.message)
    })
    if (problem !== undefined) yield* catalogues.problem(undefined)
    problem = undefined
    yield* SubscriptionRef.set(serve, found.serve)
    const { file, instances, onDisk } = found
    yield* Effect.logInfo(
      `${onDisk ? file : "the built-in plugins.toml"} is read: ${instances.length} plugins`,
    ).pipe(about(here))
    return (toml = found)
  })

  return {
    /** Gives the failures of what was started. */
    reload: alone(Effect.flatMap(next, (toml) => take(shared, toml))),
    problem: () => problem,
    /** As the last good file has it, now and after each change. */
    serve: SubscriptionRef.changes(serve),
    path: () => toml?.file,
    requires: (name: string): boolean =>
      toml?.instances.some((instance) => instance.name === name && instance.startup === "required") ?? false,
    /** All that a change can come from. */
    files: (): ReadonlyArray<string> => [locate(options).file, ...named(toml), ...loaded(shared)],
  }
})

/** Stops what is gone or changed, and starts what is new or changed. */
const take = Effect.fnUntraced(function* (shared: Shared, toml: PluginsToml) {
  const { instances, states } = shared
  const wanted = new Map(toml.instances.map((instance) => [instance.name, instance]))
  for (const name of instances.newestFirst) {
    const instance = wanted.get(name)
    if (instance !== undefined && instances.now(name)?.key === (yield* currentKey(shared, instance))) continue
    instances.note(name, { lost: 0 })
    yield* close(shared, name)
    if (instance === undefined) yield* states.gone(name)
  }
  return yield* bringUp(
    shared,
    toml.instances.filter(({ name }) => instances.now(name) === undefined),
  )
})

/** Files that plugins.toml names by their path, whether they are there or not. */
const named = (toml: PluginsToml | undefined): ReadonlyArray<string> =>
  (toml?.instances ?? [])
    .filter(({ use }) => /^\.{0,2}\//.test(use))
    .map(({ folder, use }) => path.resolve(folder, use))

const loaded = ({ instances }: Shared): ReadonlyArray<string> =>
  instances.sources.flatMap((source) => (source.kind === "file" ? [...filesOf(source.entry)] : []))

/** Watches the file from now on. `begin`, to be run once it is read, has each change reload it until the host's scope closes. */
export const follow = Effect.fnUntraced(function* ({ background, options }: Shared, file: Reload) {
  const { changes, cover } = yield* watch(options.home)
  const again = Effect.catch(Effect.asVoid(file.reload), (error) =>
    Effect.logError(`${error.message}\nThe plugins of the last good file run on.`).pipe(about(here)),
  )
  const coverAll = Effect.gen(function* () {
    // What changes after it is read and before it is watched is told by nobody.
    while (yield* cover(file.files())) yield* again
  })
  yield* cover(file.files())
  const following = Stream.fromQueue(changes).pipe(
    Stream.debounce("100 millis"),
    Stream.runForEach(() => Effect.andThen(again, coverAll)),
    Effect.forkIn(background),
  )
  return { begin: Effect.andThen(coverAll, following) }
})

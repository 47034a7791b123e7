/** Where pipelines come from: the user's folder before those that ship with the hub. Read anew when a file has changed. */
import { Context, Effect, Layer, Option, Stream } from "effect"
import { MAX_BYTES, type ReadBeside } from "../pipeline/Beside.ts"
import type { Source } from "../pipeline/Plan.ts"
import { Files } from "../services/Files.ts"
import { Home } from "../services/Home.ts"
import type { FileFailed } from "../services/Workspace.ts"

export interface Found extends Source {
  readonly origin: "home" | "shipped"
  /** Changes whenever the text does. */
  readonly stamp: string
}

export class Pipelines extends Context.Service<
  Pipelines,
  {
    /** The nearest pipeline of that name. */
    readonly get: (id: string) => Effect.Effect<Found | undefined, FileFailed>
    /** Names, sorted, each with where it is found first. */
    readonly list: Effect.Effect<
      ReadonlyArray<{ readonly id: string; readonly origin: Found["origin"] }>,
      FileFailed
    >
    /** Files that a pipeline of the home names; those that ship with the hub name none. */
    readonly beside: ReadBeside
    /** Its stamp alone: enough to know whether a plan is still right. */
    readonly stamp: (id: string) => Effect.Effect<string | undefined, FileFailed>
    /** The same for a file that it names. */
    readonly stampBeside: (name: string) => Effect.Effect<string | undefined, FileFailed>
    /** An element at once, and one each time one of them, or a file that one names, may have changed. Ends when their folder goes away. */
    readonly changes: Stream.Stream<void>
  }
>()("hub/dispatch/Pipelines") {}

/** What a pipeline may be called: it becomes a file name. */
export const isName = (id: string): boolean => /^[a-z0-9][a-z0-9_-]{0,63}$/.test(id)

/** `shipped`: the pipelines inside the binary, by name. */
export const layer = (shipped: ReadonlyMap<string, string>) =>
  Layer.effect(
    Pipelines,
    Effect.gen(function* () {
      const files = yield* Files
      const home = yield* Home
      const fileOf = (id: string) => `${home.pipelines}/${id}.toml`

      const stamp = Effect.fnUntraced(function* (id: string) {
        if (!isName(id)) return undefined
        const own = yield* files.stamp(fileOf(id))
        if (Option.isSome(own)) return own.value
        return shipped.has(id) ? "shipped" : undefined
      })

      const get = Effect.fnUntraced(function* (id: string) {
        const at = yield* stamp(id)
        if (at === undefined) return undefined
        const text = shipped.get(id)
        if (at === "shipped" && text !== undefined)
          return { id, file: `pipelines/${id}.toml`, text, origin: "shipped", stamp: at } as const
        const own = yield* files.read(fileOf(id))
        return { id, file: fileOf(id), text: own.text, origin: "home", stamp: own.stamp } as const
      })

      const list = Effect.gen(function* () {
        const names = yield* files.list(home.pipelines)
        const own = names.filter((name) => name.endsWith(".toml")).map((name) => name.slice(0, -5))
        const found = new Map([
          ...Array.from(shipped.keys(), (id) => [id, "shipped"] as const),
          ...own.filter(isName).map((id) => [id, "home"] as const),
        ])
        return Array.from(found, ([id, origin]) => ({ id, origin })).sort((a, b) => (a.id < b.id ? -1 : 1))
      })

      const stampBeside = (name: string) =>
        Effect.map(files.stamp(`${home.pipelines}/${name}`), Option.getOrUndefined)

      const beside: ReadBeside = (source, name) => {
        if (source.file !== fileOf(source.id)) return Effect.succeed({ problem: "did not come along" })
        const read = Effect.gen(function* () {
          if ((yield* stampBeside(name)) === undefined) return { problem: "is not there" }
          return (yield* files.read(`${home.pipelines}/${name}`, MAX_BYTES)).text
        })
        return Effect.catch(read, (error) => Effect.succeed({ problem: `cannot be read: ${error.message}` }))
      }

      const changes = Stream.unwrap(
        Effect.as(Effect.ignore(home.folder(home.pipelines)), files.changes(home.pipelines)),
      )

      return Pipelines.of({ beside, changes, get, list, stamp, stampBeside })
    }),
  )

/** Tells a client that a list is another one now. */
import type { Server } from "@modelcontextprotocol/server"
import { Effect, Stream } from "effect"
import type { Catalogue } from "../../plugin/Catalogue.ts"
import type { Door } from "../Door.ts"

/** What the server serves. */
export interface Served {
  readonly door: Door
  readonly catalogue: Effect.Effect<Catalogue>
  /** Each element says that the catalogue is another one now. */
  readonly changes: Stream.Stream<unknown>
}

/** Tells the client which list is another one now, and only that. */
export const watch = Effect.fnUntraced(function* (
  served: Served,
  server: Server,
  known: Map<string, unknown>,
) {
  let before = listsOf(yield* served.catalogue)
  yield* Stream.runForEach(served.changes, () =>
    Effect.gen(function* () {
      const now = listsOf(yield* served.catalogue)
      const changed = (Object.keys(now) as Array<keyof typeof now>).filter(
        (list) => !sameItems(before[list], now[list]),
      )
      before = now
      if (changed.includes("tools")) known.clear()
      for (const list of changed) yield* Effect.ignore(Effect.tryPromise(() => tell[list](server)))
    }),
  )
})

const listsOf = (catalogue: Catalogue) => ({
  tools: [...catalogue.operations.values()] as ReadonlyArray<unknown>,
  resources: catalogue.resources as ReadonlyArray<unknown>,
  prompts: catalogue.prompts as ReadonlyArray<unknown>,
})

const sameItems = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index])

const tell = {
  tools: (server: Server) => server.sendToolListChanged(),
  resources: (server: Server) => server.sendResourceListChanged(),
  prompts: (server: Server) => server.sendPromptListChanged(),
}

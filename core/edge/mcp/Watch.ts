/** Tells a client that a list is another one now. */
import { Effect, Stream } from "effect"
import type { Catalogue } from "../../plugin/Catalogue.ts"
import type { Scope } from "../../plugin/Operation.ts"
import type { Door } from "../Door.ts"
import { callable } from "./Tools.ts"

/** What the server serves. */
export interface Served {
  readonly door: Door
  readonly catalogue: Effect.Effect<Catalogue>
  /** Each element says that the catalogue is another one now. */
  readonly changes: Stream.Stream<unknown>
}

type List = "tools" | "resources" | "prompts"

/** Tells which list is another one for somebody with these scopes, and only that. Never ends by itself. */
export const watch = Effect.fnUntraced(function* (
  served: Served,
  scopes: ReadonlyArray<Scope> | undefined,
  tell: (list: List) => unknown,
) {
  let before = listsOf(yield* served.catalogue, scopes)
  yield* Stream.runForEach(served.changes, () =>
    Effect.gen(function* () {
      const now = listsOf(yield* served.catalogue, scopes)
      const changed = (Object.keys(now) as Array<List>).filter((list) => !sameItems(before[list], now[list]))
      before = now
      for (const list of changed) yield* Effect.ignore(Effect.tryPromise(async () => tell(list)))
    }),
  )
})

const listsOf = (
  catalogue: Catalogue,
  scopes: ReadonlyArray<Scope> | undefined,
): Record<List, ReadonlyArray<unknown>> => ({
  tools: callable(catalogue, scopes),
  resources: catalogue.resources,
  prompts: catalogue.prompts,
})

const sameItems = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index])

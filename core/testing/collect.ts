/** Where tests are registered: with `bun test`, or, inside the compiled hub, in a list that `hub plugin test` runs. */
import { test as bunTest } from "bun:test"

export interface Collected {
  readonly name: string
  readonly run: () => Promise<void>
}

const key = Symbol.for("hub/testing/collect")
const held = globalThis as unknown as Record<symbol, Array<Collected> | undefined>

/** `timeout` in milliseconds, 30,000 unless told; the hub's runner has one of its own. */
export const test = (name: string, body: () => unknown, timeout?: number): void => {
  const list = held[key]
  if (list === undefined) bunTest(name, async () => void (await body()), timeout ?? 30_000)
  else list.push({ name, run: async () => void (await body()) })
}

/** What `load` registers. Not for use under `bun test`. */
export const collect = async (load: () => Promise<unknown>): Promise<ReadonlyArray<Collected>> => {
  const before = held[key]
  const list: Array<Collected> = []
  held[key] = list
  try {
    await load()
  } finally {
    held[key] = before
  }
  return list
}

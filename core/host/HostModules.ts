/**
 * What a plugin file may import by a bare name: `hub/plugin`, `hub/testing`, `effect`, `effect/testing` and the modules
 * at the root of effect (`effect/Effect`). They are the hub's own, so that plugin and hub share one Effect. Anything
 * else is looked up in the plugin's own node_modules.
 */
import * as effect from "effect"

export type Modules = Readonly<Record<string, () => Promise<object>>>

const own: Modules = {
  "hub/plugin": () => import("../plugin/api.ts"),
  effect: () => Promise.resolve(effect),
  "effect/testing": testing,
  ...roots(),
}

let known: Modules | undefined

/** Makes the modules known to every later import, once per process or worker. `more` adds to them: `hub/testing`. */
export const register = (more: Modules = {}): void => {
  const fresh = Object.entries({ ...(known === undefined ? own : {}), ...more }).filter(
    ([name]) => known?.[name] === undefined,
  )
  if (fresh.length === 0) return
  known = { ...own, ...known, ...more }
  // Provide the names one by one: Bun runs no onResolve hook inside a dynamically imported module.
  Bun.plugin({
    name: "hub",
    setup: (build) => {
      for (const [name, load] of fresh)
        build.module(name, async () => ({ exports: { ...(await load()) }, loader: "object" }))
    },
  })
}

/** One of the modules, for the hub's own use. */
export const load = async (name: string): Promise<object> => {
  const load = (known ?? own)[name]
  if (load === undefined) throw new Error(`no module ${name} in this program`)
  return load()
}

// Module by module: run from source, the whole by its own name would be asked of what stands here for it, without end.
async function testing(): Promise<object> {
  const [TestClock, TestConsole, TestSchema] = await Promise.all([
    import("effect/testing/TestClock"),
    import("effect/testing/TestConsole"),
    import("effect/testing/TestSchema"),
  ])
  return { TestClock, TestConsole, TestSchema }
}

function roots(): Modules {
  const modules = Object.entries(effect).filter(
    ([name, value]) => /^[A-Z]/.test(name) && typeof value === "object",
  )
  return Object.fromEntries(
    modules.map(([name, value]) => [`effect/${name}`, () => Promise.resolve(value as object)]),
  )
}

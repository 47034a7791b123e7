import { expect } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { live, tempHome } from "../testing/effect.ts"

/** A host in a process of its own, for what it makes known to plugins stays so until its end. Tells the summary of each start. */
const host = `
import { Context, Effect, Layer, Stream } from "effect"
import * as Host from "./Host.ts"
import * as Catalogues from "./Registry.ts"
import { Registry } from "../plugin/Catalogue.ts"
import { Secrets } from "../services/Secrets.ts"
const [, home] = process.argv
const services = Context.make(Secrets, { redact: (text) => text })
const layer = Host.layer({ home, fallback: "", builtin: {}, watch: true, servicesFor: () => Effect.succeed(services), migrate: () => Effect.void })
const told = Effect.flatMap(Registry, ({ changes }) =>
  Stream.runForEach(changes, ({ plugins }) => Effect.sync(() => {
    for (const { failure, state, summary } of plugins) process.stdout.write(JSON.stringify({ failure, state, summary }) + "\\n")
  })))
await Effect.runPromise(Effect.provide(told, Layer.provideMerge(layer, Catalogues.layer)))
`

const pluginOf = (summary: string, before = "") => `
${before}
import { Effect, Schema } from "effect"
import { Plugin } from "hub/plugin"
export default Plugin.define({ id: "test-acme", summary: "${summary}", config: Schema.Struct({}), setup: () => Effect.succeed({}) })
`

/** Changes its own file while it is imported: after it was read, and before the host can watch it. */
const restless = pluginOf(
  "First.",
  `import { writeFileSync } from "node:fs"\nwriteFileSync(import.meta.path, ${JSON.stringify(pluginOf("Second."))})`,
)

live(
  "a plugin that changes before it is watched is started anew",
  Layer.empty,
  Effect.gen(function* () {
    const home = yield* tempHome
    writeFileSync(join(home, "acme.ts"), restless)
    writeFileSync(join(home, "plugins.toml"), '[plugin.acme]\nuse = "./acme.ts"\n')
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        Bun.spawn([process.execPath, "-e", host, home], { cwd: import.meta.dir, stdout: "pipe" }),
      ),
      (child) =>
        Effect.promise(() => {
          child.kill("SIGKILL")
          return child.exited
        }),
    )
    const ready = { state: "ready", summary: "Second." }
    yield* Effect.promise(async () => {
      let told = ""
      for await (const bytes of child.stdout) {
        told += new TextDecoder().decode(bytes)
        if (told.includes(JSON.stringify(ready))) return
      }
      expect(told).toContain(JSON.stringify(ready))
    })
  }),
)

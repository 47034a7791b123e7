import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Context, Effect, Exit, Schema } from "effect"
import { type Agent, type Plugin, ProgramMissing } from "hub/plugin"
import { proberOf } from "hub/testing"
import { Config } from "./Config.ts"
import plugin from "./index.ts"

const sample = Bun.TOML.parse(readFileSync(join(import.meta.dir, "sample.toml"), "utf8")) as {
  readonly plugin: Readonly<Record<string, { readonly use: string; readonly config: object }>>
}

const decoded = (given: object) =>
  Schema.decodeUnknownExit(Config)(given, { errors: "all", onExcessProperty: "error" })

const agents = async (given: object, instance: string): Promise<ReadonlyArray<Agent.Agent>> => {
  const config = Exit.isSuccess(decoded(given)) ? Schema.decodeUnknownSync(Config)(given) : {}
  const setup = Effect.scoped(plugin.setup(config as never, { instance }))
  const noServices = Context.empty() as Context.Context<never> as Context.Context<Plugin.PluginServices>
  return (await Effect.runPromise(Effect.provideContext(setup, noServices))).agents ?? []
}

test.each(Object.keys(sample.plugin))("the sample decodes: %s", (name) => {
  expect(sample.plugin[name]?.use).toBe(plugin.id)
  expect(String(decoded(sample.plugin[name]?.config ?? {}))).toStartWith("Success")
})

test("the agent is called as the instance is, so that two accounts stand side by side", async () => {
  expect((await agents({ program: "x" }, "work")).map(({ id }) => id)).toEqual(["work"])
  expect((await agents({ program: "x", id: "acme" }, "work")).map(({ id }) => id)).toEqual(["acme"])
})

const probed = async (given: object, prober: Partial<Agent.Prober>): Promise<Agent.Probe | undefined> => {
  const [agent] = await agents({ program: "acme", ...given }, "acme")
  const tools = proberOf({ run: () => Effect.die("not asked"), ...prober })
  return agent?.probe === undefined ? undefined : Effect.runPromise(agent.probe(tools))
}

const printed =
  (stdout: string, code = 0) =>
  () =>
    Effect.succeed({ code, signal: null, stdout, stderr: "", truncated: false, duration_ms: 1 })

test("a probe tells path and version", async () => {
  expect(await probed({}, { run: printed("Acme Coder v2.4.1-beta (linux)") })).toEqual({
    installed: true,
    path: "/bin/acme",
    version: "2.4.1-beta",
    notes: [],
  })
  expect(await probed({ version_args: [] }, {})).toEqual({ installed: true, path: "/bin/acme", notes: [] })
})

test("a probe says why there is no version", async () => {
  const silent = await probed({}, { run: printed("usage: 1.0", 2) })
  expect(silent?.notes).toEqual(["it did not tell its version: --version ended with 2"])
  const missing = new ProgramMissing({ program: "acme", detail: "not on PATH" })
  const absent = await probed({}, { which: () => Effect.fail(missing) })
  expect(absent).toEqual({ installed: false, notes: ['cannot start "acme": not on PATH'] })
})

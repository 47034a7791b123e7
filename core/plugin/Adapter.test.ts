/** An agent of one program as a plugin. */
import { expect, test } from "bun:test"
import { Context, Effect, Schema } from "effect"
import * as Adapter from "./Adapter.ts"
import type * as Agent from "./Agent.ts"
import { requestOf } from "../testing/request.ts"
import { isPlugin, type PluginServices } from "./Plugin.ts"

const acme = Adapter.of({
  id: "agent-acme",
  summary: "Runs Acme Coder as an agent.",
  name: ({ program }) => `Acme Coder, as ${program}`,
  config: Schema.Struct({
    ...Adapter.fields({ program: "acme", command: "acme run", env: "`ACME_HOME` of a second account" }),
    hub_tools: Adapter.hubTools("Acme Coder"),
  }),
  supports: ({ hub_tools }) => ({ model: true, hub_tools }),
  launch: ({ args, env, model, program }, request) => ({
    program,
    args: ["run", ...Adapter.flag("--model", request.model ?? model), ...args],
    env,
  }),
  decoder: (agent, { prompt }, { program }) => ({
    feed: () => [],
    end: () => ({ text: `${agent}, ${program}: ${prompt}` }),
  }),
})

const configOf = (given: object) => Schema.decodeUnknownSync(acme.config)(given)

const agentOf = async (given: object): Promise<Agent.ProgramAgent> => {
  const setup = Effect.scoped(acme.setup(configOf(given), { instance: "work" }))
  const services = Context.empty() as Context.Context<never> as Context.Context<PluginServices>
  const [agent] = (await Effect.runPromise(Effect.provideContext(setup, services))).agents ?? []
  if (agent?.kind !== "program") throw new Error("no agent of a program")
  return agent
}

const request = requestOf()

test("it is a plugin, whose agent is called as the instance is unless its config says so", async () => {
  expect(isPlugin(acme)).toBe(true)
  expect(acme).toMatchObject({ id: "agent-acme", summary: "Runs Acme Coder as an agent." })
  expect(await agentOf({})).toMatchObject({ id: "work", summary: "Acme Coder, as acme" })
  expect(await agentOf({ id: "second" })).toMatchObject({ id: "second" })
})

test("launch, decoder and what it supports are made of the config", async () => {
  const agent = await agentOf({ program: "/opt/acme", model: "m", args: ["-v"], hub_tools: true })
  expect(agent.supports).toEqual({ model: true, hub_tools: true })
  expect(agent.launch(request)).toEqual({
    program: "/opt/acme",
    args: ["run", "--model", "m", "-v"],
    env: {},
  })
  const exit = { code: 0, signal: null, timed_out: false, lost: false, ended_at: 0 }
  expect(agent.decoder(request).end(exit)).toEqual({ text: "work, /opt/acme: do it" })
  expect(agent.probe).toBeUndefined()
})

test("the same agent stands in tests by itself", () => {
  const agent = acme.agent(configOf({ env: { ACME_HOME: "/b" } }), "b")
  expect(agent.id).toBe("b")
  expect(agent.launch(request)).toEqual({ program: "acme", args: ["run"], env: { ACME_HOME: "/b" } })
})

test("a flag stands with its value or not at all, a mode with all its arguments", () => {
  expect(Adapter.flag("-m", undefined)).toEqual([])
  expect(Adapter.flag("-m", "")).toEqual(["-m", ""])
  const modes = { auto: ["-s", "write"] }
  expect(Adapter.mode(modes, "auto")).toEqual(["-s", "write"])
  expect(Adapter.mode(modes, undefined)).toEqual([])
})

/** What a probe of an agent must stand: no program, one that says nothing, a login that is there and one that is not. */
import { strict as assert } from "node:assert"
import { Effect } from "effect"
import type { AgentRequest, Probe, Prober, ProgramAgent, Supports } from "../plugin/Agent.ts"
import { Failure } from "../plugin/Failure.ts"
import { ProgramMissing } from "../services/Processes.ts"
import { test } from "./collect.ts"
import { requestOf } from "./request.ts"

/** A machine with nothing on it but the program, which says `said`. */
export const proberOf = (given: Partial<Prober> & { readonly said?: string }): Prober => ({
  which: (program) => Effect.succeed(`/bin/${program}`),
  run: () =>
    Effect.succeed({
      code: 0,
      signal: null,
      stdout: given.said ?? "",
      stderr: "",
      truncated: false,
      duration_ms: 1,
    }),
  home: "/home/me",
  env: () => undefined,
  exists: () => Effect.succeed(false),
  packaged: () => Effect.succeed(undefined),
  ...given,
})

/** `untold`: flags that work and that the program's help does not tell. */
export const probeSuite = (agent: ProgramAgent, untold: ReadonlyArray<string> = []): void => {
  const probed = (prober: Prober): Promise<Probe> => {
    assert(agent.probe !== undefined, "the agent has no probe")
    return Effect.runPromise(agent.probe(prober))
  }
  const named = (name: string, body: () => Promise<void>) => test(`${agent.id}, probed: ${name}`, body)

  named("a program that is not there is not started", async () => {
    const missing = (program: string) => Effect.fail(new ProgramMissing({ program, detail: "not on PATH" }))
    const found = await probed(proberOf({ which: missing, run: () => Effect.die("it was started") }))
    assert.equal(found.installed, false)
    assert.match(found.notes.join(), /not on PATH/)
  })
  named("one that says nothing is installed, in a version that nobody knows", async () => {
    const found = await probed(proberOf({}))
    assert.equal(found.installed, true)
    assert.equal(found.version, undefined)
  })
  named("it tells the version, and the one that it was made with", async () => {
    const found = await probed(
      proberOf({ said: "Acme 9.8.7 (linux)", packaged: () => Effect.succeed("9.8.7") }),
    )
    assert.equal(found.version, "9.8.7")
    assert.match(found.seen ?? "", /^\d+\.\d+\.\d+$/)
  })
  named("a variable and a file are a login, and how to log in is said", async () => {
    const found = await probed(proberOf({ env: () => "secret" }))
    assert.equal(found.logged_in, true)
    assert(!JSON.stringify(found).includes("secret"), "it tells the variable's value")
    assert.notEqual((await probed(proberOf({}))).logged_in, true)
    assert.match(found.login ?? "", /\.$/)
  })
  named("every flag that it is started with stands in the list that its help is compared with", async () => {
    const { flags } = await probed(proberOf({}))
    const known = [...(flags?.used ?? []), ...untold]
    const unlisted = requests(agent.supports).flatMap((request) => {
      const launch = agent.launch(request)
      if (launch instanceof Failure) throw launch
      return launch.args.map(flagIn).filter((flag) => flag !== undefined && !known.includes(flag))
    })
    assert.deepEqual([...new Set(unlisted)], [])
  })
}

/** `-` is a prompt by stdin. */
const flagIn = (argument: string): string | undefined => /^--?[a-zA-Z][\w-]*/.exec(argument)?.[0]

/** All that the agent can be asked for. */
const requests = (supports: Supports): ReadonlyArray<AgentRequest> => {
  const all = requestOf({
    ...(supports.model === true ? { model: "m" } : {}),
    ...(supports.system_prompt === true ? { system: "s" } : {}),
    ...(supports.output_schema === true ? { output_schema: { type: "object" } } : {}),
    ...(supports.hub_tools === true
      ? { mcp: [{ name: "hub", command: "/bin/hub", args: [], env: {} }] }
      : {}),
  })
  return [
    all,
    ...(supports.permission ?? []).map((permission) => ({ ...all, permission })),
    ...(supports.resume === true ? [{ ...all, session: { id: "s" } }] : []),
    ...(supports.fork === true ? [{ ...all, session: { id: "s", fork: true } }] : []),
  ]
}

/** Runs Ember as an agent. */
import { Effect, Schema } from "effect"
import { Agent, Failure, Field, Plugin, Probing } from "hub/plugin"
import { decoder, seen } from "./Decoder.ts"

export const Config = Schema.Struct({
  program: Field.withDefault(Schema.NonEmptyString, "ember", "A name on PATH, or an absolute path."),
  model: Field.optional(Schema.NonEmptyString, "The model where a step names none."),
  env: Field.withDefault(Schema.Record(Schema.String, Schema.String), {}, "Its environment: `EMBER_KEY`."),
})

const modes: Partial<Record<Agent.Permission, ReadonlyArray<string>>> = {
  restricted: ["--look"],
  bypass: ["--all"],
}

const flag = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value])

export const launch = (
  { env, model, program }: typeof Config.Type,
  request: Agent.AgentRequest,
): Agent.Launch | Failure.Failure => {
  const odd = [request.model, request.session?.id].find((value) => value?.startsWith("-"))
  if (odd !== undefined) return Failure.of("adapter_mismatch", `Ember would read ${odd} as a flag.`)
  return {
    program,
    args: [
      "run",
      "--stream",
      ...((request.permission && modes[request.permission]) ?? []),
      ...flag("--model", request.model ?? model),
      ...flag("--session", request.session?.id),
    ],
    env: { ...env, ...request.env },
    // As an argument a prompt could be no longer than 128 KB.
    stdin: { text: request.prompt },
  }
}

export const agentOf = (id: string, config: typeof Config.Type): Agent.ProgramAgent =>
  Agent.program({
    id,
    summary: "Ember",
    supports: { resume: true, model: true, permission: ["restricted", "bypass"] },
    launch: (request) => launch(config, request),
    decoder: () => decoder(id),
    probe: Probing.probe({
      program: config.program,
      env: config.env,
      seen,
      version: "asked",
      flags: { help: ["run", "--help"], used: ["--stream", "--look", "--all", "--model", "--session"] },
      login: ({ home }) => ({
        env: ["EMBER_KEY"],
        files: [`${home}/.ember/key`],
        complete: true,
        advice: "Run `ember login`.",
      }),
    }),
  })

export default Plugin.define({
  id: "agent-ember",
  summary: "Runs Ember as an agent.",
  config: Config,
  setup: (config, { instance }) => Effect.succeed({ agents: [agentOf(instance, config)] }),
})

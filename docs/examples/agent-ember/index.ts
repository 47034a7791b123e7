/** Runs Ember as an agent. */
import { Schema } from "effect"
import { Adapter, type Agent, Probing } from "hub/plugin"
import { decoder, seen } from "./Decoder.ts"

const Config = Schema.Struct(Adapter.fields({ program: "ember", command: "ember run", env: "`EMBER_KEY`" }))
type Config = typeof Config.Type

const modes: Adapter.Modes = {
  restricted: ["--look"],
  bypass: ["--all"],
}

const launch = ({ args, env, model, program }: Config, request: Agent.AgentRequest): Agent.Launch => ({
  program,
  args: [
    "run",
    "--stream",
    ...Adapter.mode(modes, request.permission),
    ...Adapter.flag("--model", request.model ?? model),
    ...Adapter.flag("--session", request.session?.id),
    ...args,
  ],
  env: { ...env, ...request.env },
  // As an argument a prompt could be no longer than 128 KB.
  stdin: { text: request.prompt },
})

const probe = ({ env, program }: Config) =>
  Probing.probe({
    program,
    env,
    seen,
    version: "asked",
    flags: { help: ["run", "--help"], used: ["--stream", "--look", "--all", "--model", "--session"] },
    login: ({ home }) => ({
      env: ["EMBER_KEY"],
      files: [`${home}/.ember/key`],
      complete: true,
      advice: "Run `ember login`.",
    }),
  })

export default Adapter.of({
  id: "agent-ember",
  summary: "Runs Ember as an agent.",
  name: "Ember",
  config: Config,
  supports: { resume: true, model: true, permission: ["restricted", "bypass"] },
  launch,
  decoder,
  probe,
})

/** `hub doctor agents`: is what is installed still what each adapter was made with, and what to do where it is not? */
import { Effect, Schema } from "effect"
import type { Catalogue } from "../../plugin/Catalogue.ts"
import * as Field from "../../plugin/Field.ts"
import * as Operation from "../../plugin/Operation.ts"
import type { Processes } from "../../services/Processes.ts"
import { didYouMean } from "../../toml/Toml.ts"
import { type Command, extra } from "../cli/Command.ts"
import { decodeWith } from "../cli/Follow.ts"
import { type Known, unconfigured } from "./agents/Known.ts"
import * as Look from "./agents/Look.ts"
import { AgentReport } from "./agents/Report.ts"
import { report, type Section } from "./Sections.ts"

const fields = {
  names: Field.withDefault(Schema.Array(Schema.NonEmptyString), [], "Ids of agents. None: all."),
  flags: Field.withDefault(
    Schema.Boolean,
    false,
    "Compares the flags of every agent with its help; else only where its version is another than the tested one.",
  ),
}

const Reports = Schema.Struct({
  agents: Schema.Array(AgentReport),
  /** Of all agents, those that nobody asked for too. */
  ids: Schema.Array(Schema.String),
})

interface Asked {
  readonly registry: { readonly current: Effect.Effect<Catalogue> }
  readonly processes: Processes["Service"]
}

/** Starts what is installed, to be told its version. */
export const inspectAgents = ({ processes, registry }: Asked): Operation.Operation =>
  Operation.make({
    name: "inspect_agents",
    title: "Inspect agents",
    summary:
      "Says which agents are installed, in which version, and whether they still know the flags that the hub uses.",
    input: Schema.Struct(fields),
    output: Reports,
    readonly: true,
    scope: "dispatch",
    doors: ["cli", "http"],
    cli: { hidden: true },
    run: ({ flags, names }) =>
      Effect.gen(function* () {
        const { agents } = yield* registry.current
        const chosen = [...agents.values()].filter(({ id }) => names.length === 0 || names.includes(id))
        const which = flags ? "always" : "other version"
        const reports = yield* Effect.forEach(chosen, (one) => Look.report(one, processes, which), {
          concurrency: 4,
        })
        return { agents: reports, ids: [...agents.keys()] }
      }),
  })

export interface DoctorAgentsOptions {
  readonly known: ReadonlyArray<Known>
}

export const doctorAgentsCommand = ({ known }: DoctorAgentsOptions): Command =>
  extra({
    path: ["doctor", "agents"],
    summary:
      "Says of each agent whether it is installed, in the version its adapter was made with, with the flags in use, and logged in. Asks no vendor.",
    input: Schema.Struct(fields),
    positional: ["names"],
    examples: ["hub doctor agents", "hub doctor agents claude codex --flags"],
    run: (input, context) =>
      Effect.gen(function* () {
        const door = yield* context.door("look")
        const { output } = yield* door.call("inspect_agents", input, context.caller)
        const { agents, ids } = yield* decodeWith(Reports, output)
        const others = known.filter(({ name }) => !ids.includes(name))
        const shown = others.filter(({ name }) => input.names.length === 0 || input.names.includes(name))
        const all = [...ids, ...others.map(({ name }) => name)]
        yield* refused(
          input.names.filter((name) => !all.includes(name)),
          all,
        )
        const sections = [
          ...agents.map(({ findings, id }): Section => ({ id, findings })),
          ...unconfigured(shown, context),
        ]
        return { ...report(sections), output: { agents, not_configured: shown.map(({ name }) => name) } }
      }),
  })

const refused = ([name]: ReadonlyArray<string>, all: ReadonlyArray<string>) =>
  name === undefined
    ? Effect.void
    : Effect.fail(
        new Operation.OperationFailed({
          code: "not_found",
          message: `no agent ${JSON.stringify(name)}. ${didYouMean(name, all)}`,
        }),
      )

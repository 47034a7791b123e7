/** `hub doctor`: what stands in the way on this machine, each with what to do about it. */
import { Effect, Option, Schema } from "effect"
import type { AgentHandle, Catalogue, DoctorHandle, PluginState } from "../../plugin/Catalogue.ts"
import * as Operation from "../../plugin/Operation.ts"
import type { Finding } from "../../plugin/Plugin.ts"
import type { HomeUnusable } from "../../services/Home.ts"
import { type Command, type Context, extra } from "../cli/Command.ts"
import { decodeWith } from "../cli/Follow.ts"
import { safe } from "../Terminal.ts"
import { type Known, unconfigured } from "./agents/Known.ts"
import { findingsOf } from "./agents/Report.ts"
import { machine } from "./Machine.ts"
import { plain, report, type Section } from "./Sections.ts"

const FindingView = Schema.Struct({
  level: Schema.Literals(["ok", "warning", "error"]),
  text: Schema.String,
  advice: Schema.optionalKey(Schema.String),
})

const SectionView = Schema.Struct({ id: Schema.String, findings: Schema.Array(FindingView) })
const Inspected = Schema.Struct({ sections: Schema.Array(SectionView) })

export interface DoctorOptions {
  /** The path of this program. */
  readonly program: string
  /** Fails when no hub could work in this home: then nothing further is asked. */
  readonly usable: (home: string) => Effect.Effect<void, HomeUnusable>
  /** Looked at before any hub is asked: who holds the home, the database. */
  readonly checks: ReadonlyArray<{
    readonly id: string
    readonly check: (context: Context) => Effect.Effect<ReadonlyArray<Finding>>
  }>
  /** Agents that plugins.toml may lack. */
  readonly known: ReadonlyArray<Known>
}

export const doctorCommand = ({ checks, known, program, usable }: DoctorOptions): Command =>
  extra({
    path: ["doctor"],
    summary:
      "Says what stands in the way on this machine, and what to do about it. Exit code 1 when something does.",
    input: Schema.Struct({}),
    run: (_, context) =>
      Effect.gen(function* () {
        const unusable = Option.getOrUndefined(yield* Effect.option(Effect.flip(usable(context.home))))
        const local = machine({ home: context.home, unusable, env: context.env, program })
        if (unusable !== undefined) return report(local)
        const given = yield* Effect.forEach(checks, ({ check, id }) =>
          Effect.map(bounded(id, check(context)), (findings) => ({ id, findings })),
        )
        const inside = yield* asked(context)
        const others = known.filter(({ name }) => !inside.some(({ id }) => id === name))
        return report([...local, ...given, ...inside, ...unconfigured(others, context)])
      }),
  })

/** What the hub knows of its plugins and agents. A hub that does not answer is a finding of its own. */
const asked = (context: Context) =>
  Effect.gen(function* () {
    const door = yield* context.door("look")
    const { output } = yield* door.call("inspect", {}, context.caller)
    return (yield* decodeWith(Inspected, output)).sections as ReadonlyArray<Section>
  }).pipe(
    Effect.catch((error) => {
      const finding: Finding = { level: "error", text: error.message.split("\n", 1)[0] ?? "" }
      return Effect.succeed<ReadonlyArray<Section>>([{ id: "plugins", findings: [finding] }])
    }),
  )

/** No check may hold up the others for longer than this. */
const limit = "10 seconds"

const bounded = (
  id: string,
  check: Effect.Effect<ReadonlyArray<Finding>>,
): Effect.Effect<ReadonlyArray<Finding>> =>
  check.pipe(
    Effect.timeout(limit),
    Effect.catchTag("TimeoutError", () => fault(`the check ${id} took longer than ${limit}`)),
    Effect.catchDefect((defect) => fault(`the check ${id} broke: ${safe(String(defect)).slice(0, 200)}`)),
  )

const fault = (text: string): Effect.Effect<ReadonlyArray<Finding>> =>
  Effect.succeed([{ level: "warning", text }])

/** The part of the hub itself: states and checks of plugins, probes of agents. */
export const inspect = (registry: { readonly current: Effect.Effect<Catalogue> }): Operation.Operation =>
  Operation.make({
    name: "inspect",
    title: "Inspect the hub",
    summary: "Says what stands in the way of plugins and agents, and what to do about it.",
    input: Schema.Struct({}),
    output: Inspected,
    readonly: true,
    // It starts what is installed, to be told its version.
    scope: "dispatch",
    cli: { hidden: true },
    run: () => Effect.map(Effect.flatMap(registry.current, sectionsOf), (sections) => ({ sections })),
  })

const sectionsOf = (catalogue: Catalogue): Effect.Effect<ReadonlyArray<typeof SectionView.Type>> => {
  const checks = [
    ...catalogue.doctor.map((one) => ({ id: one.id, findings: bounded(one.id, checked(one)) })),
    ...[...catalogue.agents.values()].map((one) => ({ id: one.id, findings: bounded(one.id, probed(one)) })),
  ]
  const ran = Effect.forEach(
    checks,
    ({ findings, id }) => Effect.map(findings, (all) => plain({ id, findings: all })),
    {
      concurrency: 4,
    },
  )
  return Effect.map(ran, (sections) => [
    plain({ id: "plugins", findings: [...fileOf(catalogue), ...catalogue.plugins.map(stateOf)] }),
    ...sections,
  ]) as Effect.Effect<ReadonlyArray<typeof SectionView.Type>>
}

const checked = ({ check }: DoctorHandle) => check

/** plugins.toml itself, when its newest edit does not count. */
const fileOf = ({ problem }: Catalogue): ReadonlyArray<Finding> => {
  if (problem === undefined) return []
  const advice =
    "Correct it: the hub reads it again by itself. Until then the plugins of the last good file run on."
  return [{ level: "error", text: problem.split("\n", 1)[0] ?? "", advice }]
}

const stateOf = (plugin: PluginState): Finding => {
  if (plugin.failure === undefined) return { level: "ok", text: `${plugin.instance} is ${plugin.state}` }
  return {
    level: plugin.startup === "required" ? "error" : "warning",
    text: `${plugin.instance} failed in ${plugin.failure.phase}: ${plugin.failure.detail}`,
    advice: `Correct it or take [plugin.${plugin.instance}] out of plugins.toml; the hub starts it again by itself.`,
  }
}

/** A missing agent is no error: nobody has them all. */
const probed = ({ id, probe }: AgentHandle): Effect.Effect<ReadonlyArray<Finding>> =>
  probe === undefined ? Effect.succeed([]) : Effect.map(probe, (found) => findingsOf(id, found, undefined))

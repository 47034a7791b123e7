/** One agent on this machine, compared with what its adapter was made with. */
import { Schema } from "effect"
import type { Probe } from "../../../plugin/Agent.ts"
import type { Finding } from "../../../plugin/Plugin.ts"

const key = Schema.optionalKey

export const AgentReport = Schema.Struct({
  id: Schema.String,
  /** The instance in plugins.toml. */
  plugin: Schema.String,
  installed: Schema.Boolean,
  path: key(Schema.String),
  version: key(Schema.String),
  /** The version that its adapter was made with. */
  seen: key(Schema.String),
  /** Left out: nothing on this machine tells. */
  logged_in: key(Schema.Boolean),
  /** What its help was asked for. */
  flags: key(
    Schema.Struct({
      command: Schema.String,
      used: Schema.Int,
      missing: Schema.Array(Schema.String),
      /** Why the help could not be read. */
      problem: key(Schema.String),
    }),
  ),
  findings: Schema.Array(
    Schema.Struct({
      level: Schema.Literals(["ok", "warning", "error"]),
      text: Schema.String,
      advice: key(Schema.String),
    }),
  ),
})
export type AgentReport = typeof AgentReport.Type
export type Flags = NonNullable<AgentReport["flags"]>

export type Against = "as tested" | "newer" | "older" | "unknown"

/** Numbers between dots; what stands behind them does not count. */
export const against = (version: string | undefined, seen: string | undefined): Against => {
  if (version === undefined || seen === undefined) return "unknown"
  const [mine, theirs] = [numbers(version), numbers(seen)]
  const at = mine.findIndex((number, index) => number !== (theirs[index] ?? 0))
  if (at < 0)
    return mine.length < theirs.length && theirs.slice(mine.length).some((n) => n > 0) ? "older" : "as tested"
  return (mine[at] ?? 0) > (theirs[at] ?? 0) ? "newer" : "older"
}

const numbers = (version: string): ReadonlyArray<number> =>
  (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? "").split(".").map(Number)

export const findingsOf = (id: string, probe: Probe, flags: Flags | undefined): ReadonlyArray<Finding> => {
  if (!probe.installed) {
    const text = ["not installed", ...probe.notes].join(": ")
    return [{ level: "warning", text, advice: `Pipelines pass over ${id}.` }]
  }
  const noted = probe.notes.map((text): Finding => ({ level: "warning", text }))
  return [
    versionFinding(probe, flags),
    ...flagFindings(id, probe, flags),
    ...loginFindings(id, probe),
    ...noted,
  ]
}

const versionFinding = ({ logged_in, path, seen, version }: Probe, flags: Flags | undefined): Finding => {
  const where = [path, ...(logged_in === true ? ["logged in"] : [])].filter((one) => one !== undefined)
  const text = [version, ...where].filter((one) => one !== undefined).join(", ")
  const how = against(version, seen)
  if (how === "as tested") return { level: "ok", text: `${text}; as tested${known(flags)}` }
  if (how === "unknown") return { level: "ok", text: text === "" ? "installed" : text }
  const holds = flags !== undefined && flags.problem === undefined && flags.missing.length === 0
  return {
    level: holds ? "ok" : "warning",
    text: `${text}; ${how} than ${seen}, which its adapter was made with`,
    advice: holds
      ? `\`${flags.command}\` still lists all ${flags.used} flags in use. Should attempts end as adapter_mismatch, install ${seen}.`
      : `Should attempts end as adapter_mismatch, install ${seen}, or look for a newer hub. \`hub doctor agents\` compares the flags.`,
  }
}

const known = (flags: Flags | undefined): string =>
  flags === undefined || flags.problem !== undefined || flags.missing.length > 0
    ? ""
    : `, with all ${flags.used} flags in use`

const flagFindings = (id: string, { seen }: Probe, flags: Flags | undefined): ReadonlyArray<Finding> => {
  if (flags === undefined) return []
  const { command, missing, problem } = flags
  if (problem !== undefined) return [{ level: "warning", text: `\`${command}\` tells no flags: ${problem}` }]
  return missing.length === 0
    ? []
    : [
        {
          level: "error",
          text: `\`${command}\` does not list ${missing.join(", ")}`,
          advice: `Attempts that need ${missing.length === 1 ? "it" : "them"} end as adapter_mismatch, and a fallback moves on from ${id}. Install ${seen ?? "the version of the adapter"}, or look for a newer hub.`,
        },
      ]
}

const loginFindings = (id: string, { logged_in, login }: Probe): ReadonlyArray<Finding> =>
  logged_in === false
    ? [{ level: "warning", text: "not logged in", advice: login ?? `Start ${id} once and log in.` }]
    : []

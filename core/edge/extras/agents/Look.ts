/** Looks at agents of the catalogue: their probes, and, where it pays, the flags that their help lists. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import type { Probe, ProbedFlags } from "../../../plugin/Agent.ts"
import type { AgentHandle } from "../../../plugin/Catalogue.ts"
import type { Processes } from "../../../services/Processes.ts"
import { against, type AgentReport, findingsOf, type Flags } from "./Report.ts"

/** Help of one agent: on a busy machine some need four seconds for it. */
const limit = "10 seconds"

export type Which = "never" | "other version" | "always"

export const report = Effect.fnUntraced(function* (
  handle: AgentHandle,
  processes: Processes["Service"],
  which: Which,
): Effect.fn.Return<AgentReport> {
  const { id, plugin, probe } = handle
  if (probe === undefined) return { id, plugin, installed: true, findings: [unprobed] }
  const found = yield* probe
  const flags = wanted(found, which) ? yield* compared(processes, found) : undefined
  const { installed, logged_in, path, seen, version } = found
  return {
    id,
    plugin,
    installed,
    ...(path === undefined ? {} : { path }),
    ...(version === undefined ? {} : { version }),
    ...(seen === undefined ? {} : { seen }),
    ...(logged_in === undefined ? {} : { logged_in }),
    ...(flags === undefined ? {} : { flags }),
    findings: findingsOf(id, found, flags).map(({ advice, level, text }) => ({
      level,
      text,
      ...(advice === undefined ? {} : { advice }),
    })),
  }
})

const unprobed = { level: "ok", text: "its plugin offers no look at it" } as const

const wanted = ({ installed, seen, version }: Probe, which: Which): boolean =>
  installed && (which === "always" || (which === "other version" && against(version, seen) !== "as tested"))

const compared = Effect.fnUntraced(function* (processes: Processes["Service"], { flags, path }: Probe) {
  if (flags === undefined || path === undefined) return undefined
  const command = [path.slice(path.lastIndexOf("/") + 1), ...flags.help].join(" ")
  const base = { command, used: flags.used.length }
  const text = yield* Effect.scoped(helpOf(processes, path, flags))
  if (typeof text !== "string") return { ...base, missing: [], problem: text.problem } satisfies Flags
  return { ...base, missing: flags.used.filter((flag) => !lists(text, flag)) } satisfies Flags
})

/** In a temporary folder of its own: some leave files there. */
const helpOf = Effect.fnUntraced(function* (
  processes: Processes["Service"],
  program: string,
  { help }: ProbedFlags,
) {
  const cwd = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "hub-doctor-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
  )
  const command = { program, args: help, cwd, env: { TMPDIR: cwd, COLUMNS: "200", NO_COLOR: "1" } }
  const said = yield* Effect.result(processes.run(command, { timeout: limit }))
  if (said._tag === "Failure") return { problem: said.failure.message }
  const text = `${said.success.stdout}\n${said.success.stderr}`
  return said.success.code === 0 ? text : { problem: `it ended with ${said.success.code ?? "a signal"}` }
})

/** A flag, or a subcommand, as a word of its own. */
export const lists = (help: string, flag: string): boolean =>
  new RegExp(String.raw`(?<![\w-])${flag.replaceAll(/[.*+?^$()[\]{}|\\]/g, String.raw`\$&`)}(?![\w-])`).test(
    help,
  )

/** What an agent is asked, held against what it can do: refused here, once for every agent, before anything starts. */
import type { Launch } from "../plugin/Agent.ts"
import type { AgentHandle } from "../plugin/Catalogue.ts"
import * as Failure from "../plugin/Failure.ts"
import type { AgentCall } from "../plugin/Step.ts"

type Can = AgentHandle["supports"]

/** Where a run works, and where the session began that it is to go on with, as far as the hub knows. */
export interface Folders {
  readonly cwd: string
  readonly session?: string | undefined
}

/** Every reason at once; nothing when it can do all of it. */
export const refusal = (
  { id, kind, supports }: Pick<AgentHandle, "id" | "kind" | "supports">,
  call: Omit<AgentCall, "agent" | "prompt">,
  folders?: Folders,
): Failure.Failure | undefined => {
  const reasons = [
    call.session === undefined ? undefined : session(supports, call.session.fork === true),
    supports.resume_in_folder === true ? elsewhere(folders) : undefined,
    call.model === undefined || supports.model === true ? undefined : noModel,
    call.system === undefined || supports.system_prompt === true ? undefined : noSystem,
    call.output_schema === undefined || supports.output_schema === true ? undefined : noSchema,
    permission(supports.permission ?? [], call.permission),
    flagged("model", call.model),
    // A stream agent hands it over in a message, and there are ids that begin so.
    kind === "program" ? flagged("session", call.session?.id) : undefined,
  ].filter((reason) => reason !== undefined)
  return reasons.length === 0
    ? undefined
    : Failure.of("adapter_mismatch", reasons.map((reason) => `Agent "${id}" ${reason}.`).join(" "))
}

const session = ({ fork, resume }: Can, branches: boolean): string | undefined => {
  if (!branches) return resume === true ? undefined : "cannot go on with a session: begin a new one"
  if (fork === true) return undefined
  return `cannot branch off a session: ${resume === true ? "go on with it, or " : ""}begin a new one`
}

const elsewhere = (folders: Folders | undefined): string | undefined =>
  folders?.session === undefined || folders.session === folders.cwd
    ? undefined
    : `goes on with a session only in the folder it began in: work in ${folders.session}, or begin a new one`

const noModel = "cannot be given a model: leave it out, or set it in the agent's own configuration"
const noSystem = "takes no system prompt besides its own: say it in the prompt"
const noSchema = "takes no output schema: say in the prompt what the answer must be like"

const permission = (able: ReadonlyArray<string>, wanted: AgentCall["permission"]): string | undefined => {
  if (wanted === undefined || able.includes(wanted)) return undefined
  const instead = able.length === 0 ? "it has none, so leave it out" : `it has ${able.join(", ")}`
  return `has no permission mode "${wanted}": ${instead}`
}

const flagged = (what: string, value: string | undefined): string | undefined =>
  value?.startsWith("-") === true
    ? `would read the ${what} ${JSON.stringify(value)} as a flag: name one that does not begin with "-"`
    : undefined

/** Linux takes 128 KB for one argument, its end included. */
const longest = 120 * 1024

/** An argument that the system would not take. */
export const tooLong = (agent: string, { args }: Pick<Launch, "args">): Failure.Failure | undefined => {
  const long = args.find((argument) => argument.length > longest / 3 && bytes(argument) > longest)
  if (long === undefined) return undefined
  const size = `${Math.ceil(bytes(long) / 1024)} KB`
  return Failure.of(
    "adapter_mismatch",
    `Agent "${agent}" would get an argument of ${size}, and 120 KB is the most: shorten what it is asked, or have its adapter hand it over by stdin or a file. It starts with ${JSON.stringify(long.slice(0, 60))}.`,
  )
}

const bytes = (text: string): number => new TextEncoder().encode(text).byteLength

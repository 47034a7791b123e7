/** What each agent can be asked, and what its adapter puts on the command line for it: read off the adapter itself. */
import type { AgentRequest, Launch, ProgramAgent } from "../plugin/Agent.ts"
import { Failure } from "../plugin/Failure.ts"
import { code, table } from "./Markdown.ts"

const plain: AgentRequest = {
  run_id: "RUN",
  attempt: 1,
  prompt: "PROMPT",
  cwd: "FOLDER",
  dir: "DIR",
  prompt_file: "DIR/prompt",
}

const server = { name: "hub", command: "hub", args: ["serve", "--stdio"], env: {} }

interface Wish {
  readonly what: string
  readonly more: Partial<AgentRequest>
  readonly can: (supports: ProgramAgent["supports"]) => boolean
}

const wishes: ReadonlyArray<Wish> = [
  { what: "`model`", more: { model: "MODEL" }, can: ({ model }) => model === true },
  {
    what: "go on with a session",
    more: { session: { id: "SESSION" } },
    can: ({ resume }) => resume === true,
  },
  {
    what: "branch off a session",
    more: { session: { id: "SESSION", fork: true } },
    can: ({ fork }) => fork === true,
  },
  { what: "`system`", more: { system: "TEXT" }, can: ({ system_prompt }) => system_prompt === true },
  {
    what: "`output_schema`",
    more: { output_schema: {} },
    can: ({ output_schema }) => output_schema === true,
  },
  ...(["restricted", "auto", "bypass"] as const).map((permission) => ({
    what: code(`permission = "${permission}"`),
    more: { permission },
    can: (supports: ProgramAgent["supports"]) => supports.permission?.includes(permission) === true,
  })),
  { what: "`hub_tools`", more: { mcp: [server] }, can: ({ hub_tools }) => hub_tools !== undefined },
]

export const abilities = (agents: ReadonlyArray<ProgramAgent>): string =>
  table(
    ["asked for", ...agents.map(({ id }) => id)],
    wishes.map((wish) => [wish.what, ...agents.map((agent) => answer(agent, wish))]),
  )

const answer = (agent: ProgramAgent, { can, more }: Wish): string => {
  if (!can(agent.supports)) return "no"
  const [without, launch] = [agent.launch(plain), agent.launch({ ...plain, ...more })]
  if (without instanceof Failure || launch instanceof Failure) return "no"
  const added = [...variables(launch, without), ...beyond(launch.args, without.args)]
  const told = added.length === 0 ? "as it is" : code(added.map(short).join(" "))
  return more.session !== undefined && agent.supports.resume_in_folder === true
    ? `${told}, in its folder`
    : told
}

/** A whole configuration would push the table apart. */
const short = (argument: string): string => (argument.length > 60 ? `${argument.slice(0, 24)}…` : argument)

/** Arguments that the wish adds, as often as it does. */
const beyond = (args: ReadonlyArray<string>, without: ReadonlyArray<string>): ReadonlyArray<string> => {
  const left = [...without]
  return args.filter((argument) => {
    const at = left.indexOf(argument)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

const variables = (launch: Launch, without: Launch): ReadonlyArray<string> =>
  Object.entries(launch.env ?? {})
    .filter(([name, value]) => value !== undefined && without.env?.[name] !== value)
    .map(([name, value]) => `${name}=${value}`)

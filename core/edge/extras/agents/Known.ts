/** Agents that the hub knows and that plugins.toml may lack. */
import type { Context } from "../../cli/Command.ts"
import type { Section } from "../Sections.ts"

export interface Known {
  readonly name: string
  readonly program: string
  /** What to put into plugins.toml. */
  readonly how: string
}

/** One quiet line for all that the hub knows of and that nobody asked for. */
export const unconfigured = (
  known: ReadonlyArray<Known>,
  { env }: Pick<Context, "env">,
): ReadonlyArray<Section> => {
  if (known.length === 0) return []
  const here = known.filter(({ program }) => Bun.which(program, { PATH: env["PATH"] ?? "" }) !== null)
  const names = (some: ReadonlyArray<Known>): string => some.map(({ name }) => name).join(", ")
  const [first] = here
  const text = `known, and not set up: ${names(known)}`
  return [
    {
      id: "agents",
      findings: [
        first === undefined
          ? { level: "ok", text }
          : { level: "ok", text: `${text}. On PATH: ${names(here)}`, advice: first.how },
      ],
    },
  ]
}

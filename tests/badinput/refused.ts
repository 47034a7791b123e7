/** What every refusal keeps to, for a person and for a program alike. */
import { expect } from "bun:test"
import { documentOf, type Home, run } from "../support/hub.ts"

export interface Refusal {
  readonly error: { readonly code: string; readonly message: string; readonly details?: unknown }
}

type Options = Parameters<typeof run>[2]

/**
 * Runs it twice, once with `--json`, and gives the message. Both end with `code`; a person reads the sentences
 * on stderr and finds nothing on stdout, a program gets one document and nothing on stderr.
 */
export const refused = async (
  home: Home,
  code: number,
  args: ReadonlyArray<string>,
  options: Options = {},
): Promise<string> => {
  const [person, program] = await Promise.all([run(home, args, options), run(home, withJson(args), options)])
  expect({ code: person.code, out: person.out }).toEqual({ code, out: "" })
  expect({ code: program.code, err: program.err }).toEqual({ code, err: "" })
  const { error } = documentOf<Refusal>(program)
  const told = person.err
    .replace(/^hub: /gm, "")
    .replace(/\n {5}`hub .*` says how\.\n$/, "")
    .replace(/\n {5}/g, "\n")
    .trimEnd()
  expect(told).toBe(error.message)
  return error.message
}

/** Before a `--`: what follows may be a prompt. */
const withJson = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const end = args.includes("--") ? args.indexOf("--") : args.length
  return args.toSpliced(end, 0, "--json")
}

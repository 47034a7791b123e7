/** A question of permission as a person is shown it, and what a choice means. */
import type { Choice, PermissionQuestion } from "../plugin/Agent.ts"

/** Longest command and diff that are shown, in characters. */
const longest = { text: 500, command: 16_000, diff: 32_000, paths: 50, choices: 20 }

/** Within bounds; what is not shown is said to be missing. */
export const bounded = ({ choices, command, diff, paths, text, tool }: PermissionQuestion) => ({
  tool: cut(tool, longest.text),
  text: cut(text, longest.text),
  ...(command === undefined ? {} : { command: cut(command, longest.command) }),
  ...(paths === undefined ? {} : { paths: fewer(paths, longest.paths) }),
  ...(diff === undefined ? {} : { diff: cut(diff, longest.diff) }),
  choices: choices.slice(0, longest.choices),
})

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} characters more)`

const fewer = (paths: ReadonlyArray<string>, most: number): ReadonlyArray<string> =>
  paths.length <= most ? paths : [...paths.slice(0, most), `… (${paths.length - most} more)`]

/** As `Talk.Question` has it, for clients that show forms. */
export const form = (agent: string, question: PermissionQuestion) => ({
  kind: "form" as const,
  message: `${agent} asks: ${described(question)}`,
  schema: {
    type: "object",
    properties: {
      choice: {
        type: "string",
        title: "Decision",
        oneOf: question.choices.map(({ id, name }) => ({ const: id, title: name })),
      },
      note: { type: "string", title: "Note", description: "Why, for the record.", maxLength: 1000 },
    },
    required: ["choice"],
  },
})

/** What is asked with everything it is about, on lines of their own. */
export const described = ({ command, diff, paths = [], text }: PermissionQuestion): string =>
  [
    text,
    ...(command === undefined || command === text ? [] : [command]),
    ...(diff === undefined ? paths.filter((path) => !text.includes(path)) : [diff]),
  ].join("\n")

/** The words that everybody may say, whatever the agent calls its choices. */
const words: Readonly<Record<string, Choice["kind"]>> = {
  allow: "allow",
  "allow-always": "allow_always",
  deny: "deny",
  "deny-always": "deny_always",
}

/** What a word or the id of a choice comes to; `undefined` where there is no such choice. To deny is always possible. */
export const chosen = (
  choices: ReadonlyArray<Choice>,
  said: string,
): { readonly choice: Choice | undefined } | undefined => {
  const byId = choices.find(({ id }) => id === said)
  if (byId !== undefined) return { choice: byId }
  const kind = words[said.replaceAll("_", "-")]
  if (kind === undefined) return undefined
  const choice = choices.find((one) => one.kind === kind)
  if (choice !== undefined) return { choice }
  return kind === "deny" ? { choice: denial(choices) } : undefined
}

/** The gentlest way to say no. */
export const denial = (choices: ReadonlyArray<Choice>): Choice | undefined =>
  choices.find(({ kind }) => kind === "deny") ?? choices.find(({ kind }) => kind === "deny_always")

/** What may be said to a question, for a person. */
export const sayable = (choices: ReadonlyArray<Choice>): ReadonlyArray<string> => {
  const possible = Object.entries(words).filter(([, kind]) => choices.some((one) => one.kind === kind))
  return [...new Set([...possible.map(([word]) => word), "deny"])]
}

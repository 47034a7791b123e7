/** Arguments with gaps: `{{ model }}`. Names only; a gap without a value takes its argument, or its whole group, away. */

/** What a gap may name. `permission` stands alone: it is no text but the flags of the asked mode. */
export const names = [
  "prompt",
  "prompt_file",
  "model",
  "session",
  "fork",
  "system",
  "system_file",
  "output_schema",
  "output_schema_file",
  "cwd",
  "dir",
  "run_id",
  "attempt",
] as const
export type Name = (typeof names)[number]

export type Values = Readonly<Partial<Record<Name, string>>>

/** The place of the permission flags. */
export const isPermission = (text: string): boolean => /^\{\{\s*permission\s*\}\}$/.test(text)

// Literal braces are written `{{{{`, as in a pipeline.
const gap = /\{\{\{\{|\{\{([^{}]*)\}\}/g

/** The text with its gaps filled; `undefined` when one of them has no value. */
export const fill = (text: string, values: Values): string | undefined => {
  let whole = true
  const filled = text.replace(gap, (source, name: string | undefined) => {
    if (name === undefined) return "{{"
    const value = values[name.trim() as Name]
    if (value === undefined) whole = false
    return value ?? source
  })
  return whole ? filled : undefined
}

/** Every gap's name, known or not. */
export const gaps = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(gap)].flatMap(([, name]) => (name === undefined ? [] : [name.trim()]))

/** What is wrong with a text, in a sentence. */
export const problem = (text: string): string | undefined => {
  const unknown = gaps(text).find((name) => !names.some((known) => known === name))
  if (unknown === "permission") return "{{ permission }} must stand alone as an argument of its own"
  if (unknown !== undefined)
    return `no variable ${JSON.stringify(unknown)}. Known: ${names.join(", ")}, permission`
  return text.replace(gap, "").includes("{{")
    ? "{{ is never closed. Literal braces are written {{{{"
    : undefined
}

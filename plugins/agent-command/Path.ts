/** Places in a JSON object: `error.data.statusCode`, `content.*.text` (each entry), `messages.-1` (the last). */

export type Path = ReadonlyArray<string>

export const parse = (path: string): Path => path.split(".")

/** Everything that stands at the path; more than one only where it has a `*`. */
export const values = (value: unknown, [key, ...rest]: Path): ReadonlyArray<unknown> => {
  if (key === undefined) return value === undefined ? [] : [value]
  if (typeof value !== "object" || value === null) return []
  if (key === "*") return Object.values(value).flatMap((one) => values(one, rest))
  if (Array.isArray(value) && /^-\d+$/.test(key)) return values(value.at(Number(key)), rest)
  return Object.hasOwn(value, key) ? values((value as Record<string, unknown>)[key], rest) : []
}

/** As it stands; a list where the path has a `*`. */
export const value = (object: unknown, path: Path): unknown => {
  const found = values(object, path)
  return path.includes("*") ? (found.length === 0 ? undefined : found) : found[0]
}

/** As text: strings as they are, anything else as JSON, several on lines of their own. */
export const text = (object: unknown, path: Path): string | undefined => {
  const found = values(object, path).filter((one) => one !== null)
  if (found.length === 0) return undefined
  return found.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n")
}

type Scalar = string | number | boolean

/** What must stand where, for a rule to hold. */
export type Match = ReadonlyArray<{ readonly path: Path; readonly among: ReadonlyArray<Scalar> }>

export const isScalar = (one: unknown): one is Scalar =>
  typeof one === "string" || typeof one === "number" || typeof one === "boolean"

/** `{ type = "error", error.data.statusCode = [429, 529] }`: tables go deeper, a list is one of. */
export const match = (when: Readonly<Record<string, unknown>>, above: Path = []): Match =>
  Object.entries(when).flatMap(([key, wanted]) => {
    const path = [...above, ...parse(key)]
    if (isScalar(wanted)) return [{ path, among: [wanted] }]
    if (Array.isArray(wanted)) return [{ path, among: wanted.filter(isScalar) }]
    return match(wanted as Record<string, unknown>, path)
  })

export const holds = (all: Match, object: unknown): boolean =>
  all.every(({ path, among }) => values(object, path).some((one) => among.some((wanted) => wanted === one)))

/** What is wrong with a `when` table, in a sentence. */
export const problem = (when: Readonly<Record<string, unknown>>): string | undefined => {
  if (Object.keys(when).length === 0)
    return 'is empty: say what the object must hold, such as { type = "error" }'
  for (const [key, wanted] of Object.entries(when)) {
    const isList = Array.isArray(wanted) && wanted.length > 0 && wanted.every(isScalar)
    if (isScalar(wanted) || isList) continue
    if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted))
      return `${key} must be a text, a number, true or false, or a list of these`
    const deeper = problem(wanted as Record<string, unknown>)
    if (deeper !== undefined) return `${key}: ${deeper}`
  }
  return undefined
}

/** Values of a foreign JSON document, looked at without believing in its shape. */

export type Json = Readonly<Record<string, unknown>>

/** The object that a line holds, if it holds one. */
export const objectIn = (line: string): Json | undefined => {
  if (!/^\s*\{/.test(line)) return undefined
  try {
    return asObject(JSON.parse(line))
  } catch {
    return undefined
  }
}

export const asObject = (value: unknown): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined

export const asText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

export const asNumber = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined

/** The objects of a list; none when it is no list. */
export const asObjects = (value: unknown): ReadonlyArray<Json> =>
  Array.isArray(value) ? value.map(asObject).filter((one) => one !== undefined) : []

/** What stands at a path of keys. */
export const at = (value: unknown, ...path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((inner, key) => {
    const object = asObject(inner)
    return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined
  }, value)

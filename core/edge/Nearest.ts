/** The names that were probably meant, at the end of a sentence. */
import { closest } from "../toml/Diagnostic.ts"

/** The close name, else the known ones. Empty when there are none. */
export const suggestion = (name: string, known: ReadonlyArray<string>): string => {
  const close = closest(name, known)
  if (close !== undefined) return ` Did you mean ${close}?`
  if (known.length === 0) return ""
  const rest = known.length > 20 ? ` and ${known.length - 20} more` : ""
  return ` Known: ${known.slice(0, 20).join(", ")}${rest}.`
}

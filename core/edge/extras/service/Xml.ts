/** Values as they stand in an XML file. */
import { plain } from "./Manager.ts"

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
}

export const escaped = (value: string): string =>
  plain(value).replace(/[&<>"']/g, (character) => entities[character] ?? character)

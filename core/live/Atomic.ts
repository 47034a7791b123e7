/** Files that are replaced in one step: a reader, or a crash, sees the old text or the new one. */
import * as fs from "node:fs"
import * as path from "node:path"
import { randomUUID } from "node:crypto"

/** Writes beside the file and renames. Throws what the file system throws, and leaves nothing behind then. */
export const write = (file: string, text: string, mode: number): void => {
  const beside = path.join(path.dirname(file), `.${randomUUID()}.tmp`)
  try {
    fs.writeFileSync(beside, text, { mode, flush: true })
    fs.renameSync(beside, file)
  } catch (cause) {
    fs.rmSync(beside, { force: true })
    throw cause
  }
}

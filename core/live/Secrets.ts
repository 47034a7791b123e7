/** Secrets from the environment or from files of the home, and their redaction. */
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Layer, Redacted } from "effect"
import { Home } from "../services/Home.ts"
import { SecretMissing, Secrets } from "../services/Secrets.ts"
import * as Redaction from "./Redaction.ts"

const max_bytes = 64 * 1024
const allowed = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,128}$/

/** What lies in `secrets/` is redacted from the start, also when nothing ever asks for it. */
export const layer: Layer.Layer<Secrets, never, Home> = Layer.effect(
  Secrets,
  Effect.gen(function* () {
    const home = yield* Home
    const redaction = Redaction.make()
    yield* Effect.sync(() => learnAll(home.secrets, redaction.learn))

    const get = Effect.fn("Secrets.get")(function* (
      name: string,
    ): Effect.fn.Return<Redacted.Redacted<string>, SecretMissing> {
      const found = yield* Effect.sync(() => fromEnvironment(name) ?? fromFile(home.secrets, name))
      if ("refused" in found) return yield* new SecretMissing({ name, detail: found.refused })
      if (found.value === "") return yield* new SecretMissing({ name })
      redaction.learn(found.value)
      return Redacted.make(found.value, { label: name })
    })

    const { redact, redactKnown } = redaction
    return Secrets.of({ get, redact, redactKnown })
  }),
)

type Found = { readonly value: string } | { readonly refused: string }

const fromEnvironment = (name: string): Found | undefined => {
  const value = process.env[name]
  return value === undefined || value === "" ? undefined : { value }
}

const fromFile = (folder: string, name: string): Found => {
  if (!allowed.test(name)) return { refused: "the name may hold letters, digits, _, . and - only" }
  const file = path.join(folder, name)
  try {
    return readSecret(file)
  } catch (cause) {
    const code = (cause as { code?: unknown }).code
    return code === "ENOENT" ? { value: "" } : { refused: `${file} cannot be read (${String(code)})` }
  }
}

/** Checks and reads one open file, so that it cannot be exchanged in between. */
const readSecret = (file: string): Found => {
  const fd = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0))
  try {
    const stat = fs.fstatSync(fd)
    if (!stat.isFile()) return { refused: `${file} is not a file` }
    if (stat.size > max_bytes) return { refused: `${file} is longer than ${max_bytes} bytes` }
    if (process.platform !== "win32" && (stat.mode & 0o077) !== 0)
      return { refused: tooOpen(file, stat.mode) }
    return { value: fs.readFileSync(fd, "utf8").replace(/\r?\n$/, "") }
  } finally {
    fs.closeSync(fd)
  }
}

const tooOpen = (file: string, mode: number): string =>
  `${file} is open to other users (mode 0${(mode & 0o777).toString(8)}). Run: chmod 600 ${file}`

const learnAll = (folder: string, learn: (value: string) => void): void => {
  for (const name of namesIn(folder)) {
    const found = fromFile(folder, name)
    if ("value" in found) learn(found.value)
  }
}

const namesIn = (folder: string): ReadonlyArray<string> => {
  try {
    return fs.readdirSync(folder)
  } catch {
    return []
  }
}

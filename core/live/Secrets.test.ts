import { expect } from "bun:test"
import * as fs from "node:fs"
import { Effect, Layer, Redacted } from "effect"
import { Home } from "../services/Home.ts"
import { Secrets } from "../services/Secrets.ts"
import { live, tempHome } from "../testing/effect.ts"
import * as HomeLive from "./Home.ts"
import * as SecretsLive from "./Secrets.ts"

const write = (folder: string, name: string, text: string, mode = 0o600) => {
  fs.mkdirSync(`${folder}/secrets`, { recursive: true })
  fs.writeFileSync(`${folder}/secrets/${name}`, text)
  fs.chmodSync(`${folder}/secrets/${name}`, mode)
}

const secrets = Layer.unwrap(
  Effect.map(tempHome, (folder) => {
    write(folder, "early", "known-from-the-start")
    return SecretsLive.layer.pipe(Layer.provideMerge(HomeLive.layer(folder)))
  }),
)

live(
  "a file gives the secret without its last line end",
  secrets,
  Effect.gen(function* () {
    const { path } = yield* Home
    const { get, redact } = yield* Secrets
    write(path, "acme.token-1", "value one\r\n")
    expect(redact("value one")).toBe("value one")
    const secret = yield* get("acme.token-1")
    expect(Redacted.value(secret)).toBe("value one")
    expect(String(secret)).not.toContain("value one")
    expect(redact("a value one b")).toBe("a [redacted] b")
  }),
)

live(
  "the environment comes before the file",
  secrets,
  Effect.gen(function* () {
    const { path } = yield* Home
    write(path, "HUB_TEST_SECRET", "from-file")
    process.env["HUB_TEST_SECRET"] = "from-environment"
    const secret = yield* (yield* Secrets).get("HUB_TEST_SECRET")
    delete process.env["HUB_TEST_SECRET"]
    expect(Redacted.value(secret)).toBe("from-environment")
  }),
)

live(
  "a secret that nothing asked for is redacted too",
  secrets,
  Effect.gen(function* () {
    expect((yield* Secrets).redact("cat: known-from-the-start")).toBe("cat: [redacted]")
  }),
)

live(
  "a missing secret says where to put it",
  secrets,
  Effect.gen(function* () {
    const { path } = yield* Home
    write(path, "empty", "\n")
    for (const name of ["nowhere", "empty"]) {
      const error = yield* Effect.flip((yield* Secrets).get(name))
      expect(error.message).toContain(`write it to secrets/${name}`)
    }
  }),
)

live(
  "what may not be used is refused, and says why",
  secrets,
  Effect.gen(function* () {
    const { path } = yield* Home
    const { get } = yield* Secrets
    write(path, "open", "value-open", 0o640)
    write(path, "long", "x".repeat(100_000))
    fs.mkdirSync(`${path}/secrets/folder`)
    expect((yield* Effect.flip(get("open"))).message).toContain(`chmod 600 ${path}/secrets/open`)
    expect((yield* Effect.flip(get("long"))).message).toContain("longer than 65536 bytes")
    expect((yield* Effect.flip(get("folder"))).message).toContain("not a file")
    for (const name of ["../holder.json", "..", "a/b", "", "a\0b"])
      expect((yield* Effect.flip(get(name))).message).toContain("letters, digits")
  }),
)

/** What files and variables tell of an installed program. Nothing is started, and nothing of a login is read. */
import { existsSync, readFileSync, statSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { Effect, Option, Schema } from "effect"
import type { Prober } from "../plugin/Agent.ts"
import * as RealPath from "./RealPath.ts"

/** A program of an npm package stands at most so deep in it: `vendor/x64-linux/bin/codex`. */
const deepest = 5
const most_bytes = 256 * 1024

const Manifest = Schema.fromJsonString(
  Schema.Struct({ name: Schema.NonEmptyString, version: Schema.NonEmptyString }),
)

export const look: Pick<Prober, "home" | "env" | "exists" | "packaged"> = {
  home: homedir(),
  env: (name) => process.env[name],
  exists: (path) => Effect.sync(() => existsSync(path)),
  packaged: (path) => Effect.sync(() => versionAbove(realOf(path))),
}

const realOf = (path: string): string => {
  try {
    return RealPath.of(path)
  } catch {
    return path
  }
}

/** Only inside `node_modules`: elsewhere a package.json above a program may be anybody's. */
const versionAbove = (program: string): string | undefined => {
  let folder = dirname(program)
  for (
    let depth = 0;
    depth < deepest && folder.includes("node_modules/");
    depth++, folder = dirname(folder)
  ) {
    const found = versionIn(join(folder, "package.json"))
    if (found !== undefined) return found
  }
  return undefined
}

const versionIn = (file: string): string | undefined => {
  try {
    if (statSync(file).size > most_bytes) return undefined
    const read = Schema.decodeUnknownOption(Manifest)(readFileSync(file, "utf8"))
    return Option.getOrUndefined(read)?.version
  } catch {
    return undefined
  }
}

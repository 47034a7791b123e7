/** The compiled `hub` of this machine, built when it is out of date. For whatever needs the real program: tests, demo, bench. */
import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { bun, root } from "./bun.ts"

/** Where the compiled program is. */
export const binary: string = join(root, "dist", process.platform === "win32" ? "hub.exe" : "hub")

/** Builds the program if it is missing or older than something that it is made of. False when the build failed. */
export const ensureBuilt = async (): Promise<boolean> => !isStale() || (await bun("bin/build.ts")) === 0

const isStale = (): boolean => {
  if (!existsSync(binary)) return true
  const built = statSync(binary).mtimeMs
  const sources = new Bun.Glob("{bin,core,plugins,pipelines,docs}/**/*").scanSync({
    cwd: root,
    onlyFiles: true,
  })
  return ["package.json", "bun.lock", "plugins.toml", ...sources].some((path) => changedSince(path, built))
}

const changedSince = (path: string, time: number): boolean =>
  !path.endsWith(".test.ts") && (statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0) > time

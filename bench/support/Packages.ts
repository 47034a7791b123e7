/** Programs from npm that do what the hub does. The project never depends on them. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Bench } from "./Bench.ts"
import { Skipped } from "./Figure.ts"

/** Fetches exactly these into a folder of the bench, running no script of theirs, and gives the program of each. */
export const fetched = async <K extends string>(
  bench: Bench,
  packages: Readonly<Record<K, string>>,
): Promise<Readonly<Record<K, string>>> => {
  const folder = bench.folder()
  fs.writeFileSync(path.join(folder, "package.json"), "{}")
  const named = Object.entries<string>(packages).map(([name, version]) => `${name}@${version}`)
  const adding = [process.execPath, "add", "--exact", "--ignore-scripts", ...named]
  const child = Bun.spawn(adding, { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "pipe" })
  const said = await new Response(child.stderr).text()
  if ((await child.exited) !== 0)
    throw new Skipped(`${named.join(" and ")} cannot be fetched: ${said.slice(-300)}`)
  return Object.fromEntries(
    Object.keys(packages).map((name) => [name, programOf(path.join(folder, "node_modules", name))]),
  ) as Record<K, string>
}

const programOf = (folder: string): string => {
  const { bin } = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8")) as {
    readonly bin: string | Readonly<Record<string, string>>
  }
  const file = typeof bin === "string" ? bin : Object.values(bin)[0]
  return path.join(folder, file ?? "")
}

/** Of this machine, and free a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } })
  const { port } = server
  server.stop(true)
  return port
}

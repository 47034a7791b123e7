/** `hub doctor agents` on the real programs: the version that the package has, and every flag that the adapter uses in the program's own help. */
import { documentOf, makeHome, run } from "../support/hub.ts"
import { type Cli, plugin } from "./Clis.ts"
import type { Result } from "./Lane.ts"

interface Doctor {
  readonly agents: ReadonlyArray<{
    readonly installed: boolean
    readonly version?: string
    readonly findings: ReadonlyArray<{ readonly level: string; readonly text: string }>
  }>
}

/** `program` is the hub. */
export const doctor = async (cli: Cli, program: string): Promise<Result> => {
  const home = makeHome()
  try {
    const place = { home: home.path, url: "http://127.0.0.1:9" }
    home.write("hub/plugins.toml", plugin(cli, cli.name, place))
    const start = performance.now()
    const found = await run(home, ["doctor", "agents", cli.name, "--json"], { program })
    const ms = Math.round(performance.now() - start)
    const [agent] = documentOf<Doctor>(found).agents
    const wrong = [
      ...(agent?.version === cli.version ? [] : [`it must be version ${cli.version}`]),
      ...(agent?.findings ?? []).filter(({ level }) => level !== "ok").map(({ text }) => text),
    ]
    return { agent: cli.name, name: "doctor", got: agent?.version ?? "no version", ms, wrong }
  } finally {
    home.remove()
  }
}

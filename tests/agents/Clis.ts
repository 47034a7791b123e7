/** The real agents of npm: where each is kept, and an instance of its plugin. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { toml } from "../../core/docs/Markdown.ts"
import { recipeOf } from "../../bin/recipes.ts"
import { type Cli, clis, filesOf, type Place, withRecipe } from "../../core/testing/model/Clis.ts"

export { type Cli, clis, filesOf }

/** Folder of the packages: `HUB_AGENTS_CACHE`, or below the user's own. */
export const cache = (): string =>
  process.env["HUB_AGENTS_CACHE"] ??
  path.join(process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache"), "hub", "agents")

const folderOf = ({ package: name, version }: Cli): string =>
  path.join(cache(), `${name}_${version}`.replaceAll(/[@/]/g, "_"))

/** The installed program, if it is there. */
export const programOf = (cli: Cli): string | undefined => {
  const program = path.join(folderOf(cli), "node_modules", cli.program ?? `.bin/${cli.name}`)
  return fs.existsSync(program) ? program : undefined
}

const installing = new Map<Cli, Promise<string | undefined>>()

/** Installs this exact version, once; gives what stands in the way, if it is not there afterwards. */
export const install = (cli: Cli): Promise<string | undefined> => {
  const begun = installing.get(cli) ?? installed(cli)
  installing.set(cli, begun)
  return begun
}

const installed = async (cli: Cli): Promise<string | undefined> => {
  if (programOf(cli) !== undefined) return undefined
  const folder = folderOf(cli)
  fs.mkdirSync(folder, { recursive: true })
  const npm = Bun.which("npm")
  if (npm === null) return "npm is not on PATH"
  const wanted = `${cli.package}@${cli.version}`
  const child = Bun.spawn(
    [npm, "install", "--no-save", "--no-audit", "--no-fund", "--prefix", folder, wanted],
    {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      timeout: 300_000,
    },
  )
  const said = await child.stderr.text()
  await child.exited
  return programOf(cli) === undefined ? `npm install ${wanted}: ${said.trim().slice(-300)}` : undefined
}

/** An instance of its plugin for one scenario. */
export const plugin = (
  cli: Cli,
  name: string,
  place: Place,
  more: Readonly<Record<string, unknown>> = {},
): string => {
  const given = { program: programOf(cli), ...cli.config(place), ...more }
  const [use, config] =
    cli.recipe === true
      ? ["agent-command", withRecipe(recipeOf(cli.name), given)]
      : [`agent-${cli.name}`, given]
  const lines = Object.entries(config).map(([key, value]) => `${key} = ${toml(value)}`)
  return `[plugin.${name}]\nuse = "${use}"\n[plugin.${name}.config]\n${lines.join("\n")}\n\n`
}

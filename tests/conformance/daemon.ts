/** The built daemon with the conformance plugin, in a home of its own. */
import { resolve } from "node:path"
import { makeHome } from "../support/hub.ts"
import { type Daemon, serveHttp } from "../support/serve.ts"

const plugin = resolve(import.meta.dir, "plugin")

const pluginsToml = `[plugin.conformance]\nuse = ${JSON.stringify(plugin)}\nstartup = "required"\n`

export const startDaemon = async (): Promise<Daemon> => {
  const home = makeHome({ "hub/plugins.toml": pluginsToml })
  const daemon = await serveHttp(home).catch((error: unknown) => {
    home.remove()
    throw error
  })
  return { ...daemon, stop: () => daemon.stop().then(home.remove) }
}

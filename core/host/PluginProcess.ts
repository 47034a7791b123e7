/** `hub __plugin FILE`: the hub's own program as the runner of one TypeScript plugin, over stdin and stdout. */
/* oxlint-disable no-console -- what the plugin prints must not reach the protocol */
import * as path from "node:path"
import { load } from "./Loader.ts"
import { lines } from "./Rpc.ts"
import { serve } from "./Serve.ts"

/** `args` as they stand after `hub __plugin`. */
export const run = (args: ReadonlyArray<string>): Promise<never> => {
  const [file] = args
  if (file !== undefined && path.isAbsolute(file) && args.length === 1) return runPluginProcess(file)
  process.stderr.write("hub: usage: hub __plugin /absolute/path/to/plugin.ts\n")
  return process.exit(2)
}

/** Serves until stdin ends, which is when the hub does. stdout belongs to the protocol; what the plugin prints goes to stderr. */
export const runPluginProcess = async (file: string): Promise<never> => {
  const write = process.stdout.write.bind(process.stdout)
  Object.assign(process.stdout, { write: process.stderr.write.bind(process.stderr) })
  Object.assign(console, { log: console.error, info: console.error, debug: console.error })
  const peer = serve({
    send: (text) => void write(`${text}\n`),
    load: load(path.basename(file), { kind: "file", entry: file, folder: path.dirname(file) }),
    file,
    end: () => process.exit(0),
  })
  const cut = lines(peer.receive)
  for await (const chunk of Bun.stdin.stream()) if (!cut(chunk)) break
  return process.exit(0)
}

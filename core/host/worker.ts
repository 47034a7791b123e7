/** The program of a plugin's worker: a thread of its own with the same modules, speaking the plugin protocol by messages. */
import { load } from "./Loader.ts"
import { serve } from "./Serve.ts"

interface WorkerScope {
  onmessage: ((event: { readonly data: unknown }) => void) | null
  readonly postMessage: (message: unknown) => void
}

// The thread shares the hub's stdout, which may be a protocol's.
/* oxlint-disable no-console, unicorn/prefer-add-event-listener, unicorn/require-post-message-target-origin -- a worker's own console and port */
Object.assign(console, { log: console.error, info: console.error, debug: console.error })

const scope = globalThis as unknown as WorkerScope

// The first message says which file; each later one is a line of the protocol.
scope.onmessage = ({ data }) => {
  const { entry, folder, instance } = data as {
    readonly entry: string
    readonly folder: string
    readonly instance: string
  }
  const peer = serve({
    send: scope.postMessage,
    load: load(instance, { kind: "file", entry, folder }),
    file: entry,
    end: () => process.exit(0),
  })
  scope.onmessage = ({ data: line }) => peer.receive(String(line))
}
scope.postMessage("ready")

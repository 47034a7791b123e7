/** How long a server takes from its start to its first answer. */
import { Client, initialize } from "./Client.ts"

/** Milliseconds from the spawn to the answer. The server is given time to leave by itself before the next one starts. */
export const firstAnswer = async (
  argv: ReadonlyArray<string>,
  env: Record<string, string>,
  cwd: string,
): Promise<number> => {
  const start = performance.now()
  const client = new Client(argv, { cwd, env })
  try {
    await client.request(initialize)
    return performance.now() - start
  } finally {
    await client.close()
  }
}

/** The disk of HUB_HOME fills up under a hub at work. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { ensureBuilt } from "../../bin/binary.ts"
import { root } from "../../core/testing/disk.ts"
import { processesOf } from "../../core/testing/processes.ts"
import { agent, documentOf, type Home, makeHome, run, Server, until } from "../support/hub.ts"

const plugins = [
  agent("flood", "head -c 100000000 /dev/zero | tr '\\0' x; echo told >&2; exit 1"),
  agent("steady", 'echo "begin $HUB_ATTEMPT" >> starts; until [ -e go ]; do sleep 0.05; done; echo steady'),
].join("")

let home: Home
const disk = () => path.join(home.path, "hub")

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome()
  fs.mkdirSync(disk())
  if (root) spawnSync("mount", ["-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", disk()])
  home.write("hub/plugins.toml", plugins)
}, 120_000)

afterAll(() => {
  if (root) spawnSync("umount", ["-l", disk()])
  home.remove()
})

const isFull = (): boolean => {
  const { bavail } = fs.statfsSync(disk())
  return bavail === 0
}

interface View {
  readonly state: string
  readonly answer?: string
  readonly failure?: { readonly message: string }
}

test.skipIf(!root)(
  "a full disk refuses work in words, loses none, and what waited goes on once there is room (needs root for a small disk)",
  async () => {
    const server = new Server(home)
    await server.initialize()
    const dispatch = (agent: string) =>
      server.tool<{ run_id: string }>("dispatch", { agent, prompt: "go", cwd: home.path })
    const check = (run_id: string, wait_seconds: number) =>
      server.tool<View>("check_dispatch", { run_id, wait_seconds })
    const steady = await dispatch("steady")
    await until("the start of the agent", () => fs.existsSync(path.join(home.path, "starts")) || undefined)
    const flood = await dispatch("flood")
    const spool = path.join(disk(), "runs", flood.run_id, "1")
    await until(
      "the end of the flood",
      () => (isFull() && processesOf([flood.run_id]).length === 0) || undefined,
    )

    // What little room the end of the attempt has left is taken as well.
    spawnSync("sh", ["-c", `cat /dev/zero > ${disk()}/ballast`])
    const refused = await server
      .tool("dispatch", { agent: "steady", prompt: "x".repeat(200_000), cwd: home.path })
      .then(
        () => "accepted",
        (error: unknown) => String(error),
      )
    expect(refused).toContain("Free some space on this disk and try again")
    fs.writeFileSync(path.join(home.path, "go"), "")
    expect(await check(steady.run_id, 0)).toMatchObject({ state: "running" })

    fs.rmSync(path.join(disk(), "ballast"))
    fs.truncateSync(path.join(spool, "out"), 0)
    const failed = await check(flood.run_id, 40)
    expect(failed.state).toBe("failed")
    expect(failed.failure?.message).toContain("disk")
    expect(await check(steady.run_id, 40)).toMatchObject({ state: "succeeded", answer: "steady" })
    const next = await dispatch("steady")
    expect(await check(next.run_id, 40)).toMatchObject({ state: "succeeded" })
    expect(await server.close()).toBe(0)
    const { runs } = documentOf<{ runs: ReadonlyArray<{ run_id: string }> }>(
      await run(home, ["runs", "list", "--json"]),
    )
    expect(runs.map(({ run_id }) => run_id)).toEqual([next, flood, steady].map(({ run_id }) => run_id))
    expect(fs.readFileSync(path.join(home.path, "starts"), "utf8").trim().split("\n")).toHaveLength(2)
  },
  120_000,
)

/** The disk of HUB_HOME fills up under a hub at work. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect } from "effect"
import { ensureBuilt } from "../../bin/binary.ts"
import { mounted, root } from "../../core/testing/disk.ts"
import { processesOf } from "../../core/testing/processes.ts"
import { agent, documentOf, type Home, makeHome, run, Server, until } from "../support/hub.ts"

const plugins = [
  agent("flood", "head -c 100000000 /dev/zero | tr '\\0' x; echo told >&2; exit 1"),
  agent("steady", 'echo "begin $HUB_ATTEMPT" >> starts; until [ -e go ]; do sleep 0.05; done; echo steady'),
  // Not more than 8 blocks of 512 bytes in one file.
  agent("limited", "ulimit -f 8; exec cat /dev/zero"),
  agent("quick", "echo quick"),
].join("")

let home: Home

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({ "hub/plugins.toml": plugins })
}, 120_000)

afterAll(() => home.remove())

const isFull = (disk: string): boolean => fs.statfsSync(disk).bavail === 0

interface View {
  readonly state: string
  readonly answer?: string
  readonly failure?: { readonly message: string }
}

test("an agent that may write no more says so, and others work on", async () => {
  const server = new Server(home)
  await server.initialize()
  const ask = (agent: string) =>
    server.tool<{ run_id: string }>("dispatch", { agent, prompt: "go", cwd: home.path })
  const [limited, quick] = await Promise.all([ask("limited"), ask("quick")])
  const check = ({ run_id }: { run_id: string }) =>
    server.tool<View>("check_dispatch", { run_id, wait_seconds: 20 })
  expect(await check(limited)).toMatchObject({
    state: "failed",
    attempts: [
      { exit_code: 153, failure: { class: "crashed", message: expect.stringContaining("SIGXFSZ") } },
    ],
  })
  expect(await check(quick)).toMatchObject({ state: "succeeded", answer: "quick" })
  expect(await server.close()).toBe(0)
})

test.skipIf(!root)(
  "a full disk refuses work in words, loses none, and what waited goes on once there is room (needs root for a small disk)",
  () =>
    Effect.runPromise(
      Effect.scoped(Effect.flatMap(mounted("16m"), (disk) => Effect.promise(() => filled(disk)))),
    ),
  120_000,
)

const filled = async (disk: string): Promise<void> => {
  fs.writeFileSync(path.join(disk, "plugins.toml"), plugins, { mode: 0o600 })
  const server = new Server(home, [], { HUB_HOME: disk })
  await server.initialize()
  const dispatch = (agent: string, prompt = "go") =>
    server.tool<{ run_id: string }>("dispatch", { agent, prompt, cwd: home.path })
  const check = ({ run_id }: { run_id: string }, wait_seconds = 40) =>
    server.tool<View>("check_dispatch", { run_id, wait_seconds })
  const steady = await dispatch("steady")
  await until("the start of the agent", () => fs.existsSync(path.join(home.path, "starts")) || undefined)
  const flood = await dispatch("flood")
  await until("the end of the flood", () => isFull(disk) && processesOf([flood.run_id]).length === 0)

  // What little room the end of the attempt has left is taken as well.
  const ballast = path.join(disk, "ballast")
  await Bun.spawn(["sh", "-c", 'cat /dev/zero >"$0"', ballast], { stderr: "ignore" }).exited
  const refused = await dispatch("steady", "x".repeat(200_000)).then(
    () => "accepted",
    (error: unknown) => String(error),
  )
  expect(refused).toContain("Free some space on this disk and try again")
  expect(await check(steady, 0)).toMatchObject({ state: "running" })

  fs.rmSync(ballast)
  fs.truncateSync(path.join(disk, "runs", flood.run_id, "1", "out"), 0)
  fs.writeFileSync(path.join(home.path, "go"), "")
  const failed = await check(flood)
  expect([failed.state, failed.failure?.message]).toEqual(["failed", expect.stringContaining("disk")])
  expect(await check(steady)).toMatchObject({ state: "succeeded", answer: "steady" })
  const next = await dispatch("steady")
  expect(await check(next)).toMatchObject({ state: "succeeded" })
  expect(await server.close()).toBe(0)
  const listed = await run(home, ["runs", "list", "--json"], { env: { HUB_HOME: disk } })
  const { runs } = documentOf<{ runs: ReadonlyArray<{ run_id: string }> }>(listed)
  expect(runs.map(({ run_id }) => run_id)).toEqual([next, flood, steady].map(({ run_id }) => run_id))
  expect(fs.readFileSync(path.join(home.path, "starts"), "utf8").trim().split("\n")).toHaveLength(2)
}

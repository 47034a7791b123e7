/** However an attempt ends, nothing of it is left, and its limits hold while no hub lives. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { ensureBuilt } from "../../bin/binary.ts"
import * as Processes from "../../core/testing/processes.ts"
import { ended as gone, pidOf } from "../daemon/support.ts"
import { agent, documentOf, type Home, makeHome, pidOfHub, run, until } from "../support/hub.ts"

const tree = path.resolve(import.meta.dir, "../../core/live/supervisor/fixtures/tree.sh")
const members = ["child", "stubborn", "session", "forked"]

/** A hostile tree in a folder of the prompt's name: grandchildren, a second session, a double fork, one that ignores TERM. */
const hostile = (after: string): string =>
  `read -r name; mkdir -p "$name"; sh ${tree} "$PWD/$name" >"$name/said" & until [ -s "$name/said" ]; do sleep 0.02; done; ${after}`

/** Long enough for the whole tree to stand when the time is up. */
const pipeline = `
run = ["work"]
[step.work]
type = "agent"
agent = "waits"
prompt = "{{ run.prompt }}"
timeout = "8 seconds"
`

let home: Home

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({
    "hub/plugins.toml": agent("ends", hostile("echo done")) + agent("waits", hostile("wait")),
    "hub/pipelines/limited.toml": pipeline,
  })
}, 120_000)

afterAll(() => home.remove())

const dispatched = async (who: ReadonlyArray<string>, name: string): Promise<string> => {
  const { code, err, out } = await run(home, ["dispatch", ...who, name])
  expect({ code, err }).toMatchObject({ code: 0 })
  await until(
    `the tree of ${name}`,
    () => fs.existsSync(at(name, "said")) && fs.statSync(at(name, "said")).size > 0,
  )
  return out.trim()
}

const at = (...parts: ReadonlyArray<string>): string => path.join(home.path, ...parts)

/** Members of the tree that live. */
const left = (name: string): ReadonlyArray<string> =>
  members.filter((member) => Processes.isAlive(Number(fs.readFileSync(at(name, member), "utf8"))))

interface View {
  readonly state: string
  readonly answer?: string
}

const ended = (run_id: string): Promise<View> =>
  until("the end of the run", async () => {
    const view = documentOf<View>(await run(home, ["runs", "show", run_id, "--json"]))
    return view.state === "running" || view.state === "queued" ? undefined : view
  })

const kill = async (): Promise<void> => {
  const pid = pidOf(home)
  process.kill(pid, "SIGKILL")
  await gone(pid)
}

describe("a hostile tree is gone", () => {
  test("after its agent has ended", async () => {
    const run_id = await dispatched(["--agent", "ends"], "ends")
    expect(await ended(run_id)).toMatchObject({ state: "succeeded", answer: "done" })
    expect([left("ends"), Processes.processesOf([run_id])]).toEqual([[], []])
  })

  test("after its run was cancelled", async () => {
    const run_id = await dispatched(["--agent", "waits"], "cancelled")
    expect(left("cancelled")).toEqual(members)
    expect((await run(home, ["runs", "cancel", run_id])).code).toBe(0)
    expect([left("cancelled"), Processes.processesOf([run_id])]).toEqual([[], []])
  })

  test("after its time was up", async () => {
    const run_id = await dispatched(["--pipeline", "limited"], "late")
    expect(await ended(run_id)).toMatchObject({ state: "timed_out" })
    expect([left("late"), Processes.processesOf([run_id])]).toEqual([[], []])
  }, 90_000)

  test("after its time was up while no hub lived; the next one says so", async () => {
    const run_id = await dispatched(["--pipeline", "limited"], "alone")
    await kill()
    await until("the end of the tree", () => Processes.processesOf([run_id]).length === 0)
    expect([left("alone"), pidOfHub(at("hub"))]).toEqual([[], undefined])
    expect(await ended(run_id)).toMatchObject({ state: "timed_out" })
  }, 90_000)

  test("after its hub was killed, and the next one was asked to cancel it", async () => {
    const run_id = await dispatched(["--agent", "waits"], "killed")
    await kill()
    expect(left("killed")).toEqual(members)
    expect((await run(home, ["runs", "cancel", run_id])).code).toBe(0)
    expect([left("killed"), Processes.processesOf([run_id])]).toEqual([[], []])
  })
})

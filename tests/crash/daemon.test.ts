/** Kills the daemon at random moments while three clients dispatch: what was acknowledged ends once, nothing runs twice, nothing is left. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { ensureBuilt } from "../../bin/binary.ts"
import { type Home, isAlive, makeHome, pidOfHub, run, until } from "../support/hub.ts"
import { type Connected, overCommands, overHttp, overShim } from "./Clients.ts"
import * as Ledger from "./Ledger.ts"

/** `npm run crash` does 200. */
const rounds = Number(process.env["HUB_CRASH_ROUNDS"] ?? 40)

const freePort = (): number => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() })
  const { port } = server
  void server.stop(true)
  return port ?? 0
}

let home: Home
const port = freePort()

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome()
  const serve = `[serve]\nhttp = true\nopen = true\nport = ${port}\ncalls_per_minute = 1000000\n`
  for (const [file, text] of Object.entries(Ledger.files(home)))
    home.write(file, file === "hub/plugins.toml" ? serve + text : text)
}, 120_000)

afterAll(() => home.remove())

/** Dispatches until it is stopped. What fails was not acknowledged, and is not counted. */
const load = ({ ask }: Connected) => {
  const acknowledged: Array<string> = []
  const end = new AbortController()
  const dispatch = () =>
    ask().then(
      (run_id) => void acknowledged.push(run_id),
      () => {},
    )
  const loop = async () => {
    while (!end.signal.aborted) {
      await dispatch()
      await Bun.sleep(Math.random() * 30)
    }
  }
  const ended = loop()
  return { acknowledged, stop: () => (end.abort(), ended) }
}

const folder = () => `${home.path}/hub`

const hubAfter = (last: number | undefined): Promise<number> =>
  until("the next hub", () => {
    const pid = pidOfHub(folder())
    return pid === last ? undefined : pid
  })

type Load = ReturnType<typeof load>

const countsOf = (loads: ReadonlyArray<Load>) => loads.map(({ acknowledged }) => acknowledged.length)

const acknowledges = (loads: ReadonlyArray<Load>): Promise<unknown> => {
  const count = () => countsOf(loads).reduce((sum, one) => sum + one)
  const before = count()
  return until("an acknowledged run", () => count() > before || undefined)
}

/** As long as it takes: the test's own limit ends it. */
const allEnd = async (): Promise<void> => {
  while (!Ledger.stored(home).every(({ ends }) => ends > 0)) await Bun.sleep(50)
}

test(`${rounds} kills of the daemon lose no acknowledged run, start no attempt twice, and leave nothing`, async () => {
  const clients = [await overShim(home), overCommands(home), overHttp(home, `http://127.0.0.1:${port}`)]
  const loads = clients.map(load)
  let pid: number | undefined
  for (let round = 0; round < rounds; round++) {
    pid = await hubAfter(pid)
    // Every other hub is killed at its work, the rest mostly while they start and take up what is left.
    if (round % 2 === 0) await acknowledges(loads)
    await Bun.sleep(Math.random() * 250)
    process.kill(pid, "SIGKILL")
  }
  const last = await hubAfter(pid)
  // Who was too slow for all those hubs has this one, which stays.
  await Promise.all(loads.map((one) => acknowledges([one])))
  await Promise.all(loads.map(({ stop }) => stop()))
  await allEnd()
  await Promise.all(clients.map(({ close }) => close()))
  expect((await run(home, ["stop"])).code).toBe(0)
  await until("the end of the last hub", () => !isAlive(last))

  const all = loads.flatMap(({ acknowledged }) => acknowledged)
  expect(Ledger.faults(home, all)).toEqual([])
  const counts = countsOf(loads)
  expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(rounds / 2)
  console.log(`${rounds} kills: ${counts.join(" + ")} runs acknowledged over shim, commands and HTTP`)
}, 900_000)

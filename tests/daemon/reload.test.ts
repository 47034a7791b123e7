/** `[serve]` changes while clients are connected: only the HTTP door is another one. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { ensureBuilt } from "../../bin/binary.ts"
import { documentOf, type Home, makeHome, run, type Server, shim, until } from "../support/hub.ts"
import { gated, pidOf, status } from "./support.ts"

let home: Home
let client: Server
let pid = 0

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome({ "hub/plugins.toml": gated })
  client = shim(home)
  await client.initialize()
  await client.tool("list_agents", {})
  pid = pidOf(home)
}, 120_000)

afterAll(async () => {
  await client.kill("SIGKILL")
  home.remove()
})

const configure = (serve: string): void => home.write("hub/plugins.toml", `${serve}\n${gated}`)

const httpIs = (what: string, is: (http: Awaited<ReturnType<typeof status>>["http"]) => boolean) =>
  until(what, async () => {
    const { http } = await status(home)
    return is(http) ? [http] : undefined
  })

/** The same hub, through the same connection, as ever. */
const goesOn = async (): Promise<void> => {
  expect(await client.tool("hub_status", {})).toMatchObject({ pid, clients: [{ kind: "mcp" }] })
  expect(client.complaints).toEqual([])
}

test("opens, moves and closes the HTTP door; connections stay", async () => {
  configure("[serve]\nhttp = true\nport = 0\nopen = true")
  const [first] = await httpIs("HTTP", (http) => http?.url !== undefined)
  expect(first).toMatchObject({ access: "open" })
  expect((await fetch(`${first?.url}/livez`)).status).toBe(200)
  await goesOn()
  configure("[serve]\nhttp = true\nport = 0")
  const [second] = await httpIs("tokens", (http) => http?.access === "tokens")
  expect((await fetch(`${second?.url}/api/list_agents`, { method: "POST", body: "{}" })).status).toBe(401)
  await goesOn()
  configure("")
  await httpIs("the end of HTTP", (http) => http === undefined)
  await expect(fetch(`${second?.url}/livez`)).rejects.toThrow()
  await goesOn()
}, 60_000)

test("what stands in the way of HTTP is told by status, doctor and the log, and the hub works on", async () => {
  configure('[serve]\nhttp = true\nport = 0\nhost = "0.0.0.0"')
  const [http] = await httpIs("the refusal", (http) => http?.problem !== undefined)
  expect(http?.problem).toContain("there is no token that could be asked for")
  const doctor = await run(home, ["doctor"])
  expect(doctor).toMatchObject({ code: 1 })
  expect(doctor.out).toContain("there is no token")
  expect((await run(home, ["logs"])).out).toContain("there is no token")
  await goesOn()
}, 60_000)

test("an invalid file changes nothing, and status, doctor and the log say what is wrong with it", async () => {
  configure("[serve]\nhttp = true\nport = 0")
  const [before] = await httpIs("HTTP", (http) => http?.url !== undefined)
  configure("[serve]\nhttp = false\nprot = 1")
  const { config, http } = await until("the problem", async () => {
    const found = await status(home)
    return found.config.problem === undefined ? undefined : found
  })
  expect(config.problem).toMatch(/plugins\.toml:3:1 .*prot/)
  expect(http).toEqual(before)
  expect((await run(home, ["status"])).out).toContain("does not count: ")
  const doctor = await run(home, ["doctor", "--json"])
  expect(doctor.code).toBe(1)
  expect(JSON.stringify(documentOf(doctor))).toContain("prot")
  expect((await run(home, ["logs"])).out).toContain("prot")
  await goesOn()
  configure("")
  await httpIs("the good file", (now) => now === undefined)
  expect((await status(home)).config.problem).toBeUndefined()
}, 60_000)

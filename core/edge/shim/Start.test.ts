import { afterEach, beforeEach, expect, test } from "bun:test"
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { serveWhileNeeded } from "./Start.ts"

let home = ""

interface Started {
  readonly pid: number
  readonly args: ReadonlyArray<string>
  readonly cwd: string
  readonly marks: object
  readonly session: string
}

const starts = (): ReadonlyArray<Started> => {
  const file = join(home, "starts")
  if (!existsSync(file)) return []
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Started)
}

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "hub-start-")))
})

afterEach(() => {
  for (const { pid } of starts())
    try {
      process.kill(pid, "SIGKILL")
    } catch {
      // It failed by itself, as it was told to.
    }
  rmSync(home, { recursive: true, force: true })
})

const starter = () =>
  Bun.spawn([process.execPath, join(import.meta.dir, "fixtures/starter.ts"), home], {
    env: { ...process.env, HUB_RUN: "r1", HUB_ATTEMPT: "/x", BUN_OPTIONS: "--smol" },
    stdout: "pipe",
  })

const said = async (child: ReturnType<typeof starter>): Promise<string> => {
  await child.exited
  return await new Response(child.stdout).text()
}

test("twenty who want a hub at once start one, and each finds it", async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => said(starter())))
  expect(all).toEqual(Array.from({ length: 20 }, () => "up"))
  expect(starts().length).toBe(1)
})

test("the hub has a session of its own in its home, and no marks of a run", async () => {
  await said(starter())
  const [{ args, cwd, marks, pid, session }] = starts() as [Started]
  expect({ args, cwd, marks }).toEqual({ args: [...serveWhileNeeded], cwd: home, marks: {} })
  if (process.platform === "linux") expect(session).toBe(String(pid))
})

test("a hub that cannot start says why to all who wait, and is tried again by who comes later", async () => {
  writeFileSync(join(home, "broken"), "plugins.toml:3:1  no plugin.")
  const all = await Promise.all(Array.from({ length: 4 }, () => said(starter())))
  for (const one of all) expect(one).toBe("2: plugins.toml:3:1  no plugin.")
  expect(statSync(join(home, "logs", "start.log")).mode & 0o777).toBe(0o600)
  rmSync(join(home, "broken"))
  // Which failure is an old one does not hang on clocks.
  const later = Date.now() / 1_000 + 3_600
  utimesSync(join(home, "logs", "start.failed"), later, later)
  expect(await said(starter())).toBe("up")
})

test("a hub that is ended while it starts is started once more", async () => {
  for (const how of ["SIGKILL", "in good order"]) {
    writeFileSync(join(home, "ends"), how)
    const before = starts().length
    expect(await said(starter())).toBe("up")
    expect(starts().length).toBe(before + 2)
    process.kill(starts().at(-1)!.pid, "SIGKILL")
    rmSync(join(home, "hub.sock"))
  }
})

test.each([
  ["SIGKILL", "undefined: The hub was ended twice while it started, by SIGKILL. "],
  ["in good order", "0: The hub was ended twice while it started. "],
])("a hub that is ended each time it starts (%s) says that, and not where it listened", async (how, why) => {
  writeFileSync(join(home, "ends"), `${how}\n${how}`)
  expect(await said(starter())).toBe(
    `${why}Ask again; what it said is in ${join(home, "logs", "start.log")}.`,
  )
  expect(starts().length).toBe(2)
})

test("who starts may be killed while it does: the next one goes on", async () => {
  const lock = `
    const { Database } = require("bun:sqlite")
    const lock = new Database(${JSON.stringify(join(home, "start.lock"))})
    lock.run("begin exclusive")
    process.stdout.write("held")
    setInterval(() => {}, 1e6)`
  const holder = Bun.spawn([process.execPath, "-e", lock], { stdout: "pipe" })
  await holder.stdout.getReader().read()
  const waiting = starter()
  holder.kill("SIGKILL")
  expect(await said(waiting)).toBe("up")
  expect(starts().length).toBe(1)
})

test("a home that cannot be is told by its name", async () => {
  const folder = home
  writeFileSync(join(folder, "file"), "")
  home = join(folder, "file", "home")
  expect(await said(starter())).toContain(JSON.stringify(home))
  home = folder
})

test("a socket that its hub left behind counts for nothing", async () => {
  const code = `Bun.listen({ unix: ${JSON.stringify(join(home, "hub.sock"))}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL")`
  await Bun.spawn([process.execPath, "-e", code]).exited
  expect(existsSync(join(home, "hub.sock"))).toBe(true)
  writeFileSync(join(home, "broken"), "there is a socket already.")
  expect(await said(starter())).toBe("2: there is a socket already.")
})

/** `hub service` of the built program, with a `systemctl` that starts and stops what the unit says. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { binary, ensureBuilt } from "../bin/binary.ts"
import { type Home, makeHome, pidOfHub, run, until } from "./support/hub.ts"

// Many programs are started, on a machine that has others to run.
setDefaultTimeout(120_000)

/** As much of it as a unit of ours needs; only `ExecStart` and `Environment` are read. */
const systemctl = `#!/bin/sh
unit="$XDG_CONFIG_HOME/systemd/user/hub.service"
pid="$HOME/service.pid"
stop() { [ -e "$pid" ] && kill "$(cat "$pid")"; rm -f "$pid"; }
case "$2" in
  restart | start)
    stop
    cd /
    eval "exec setsid env -i $(sed -n 's/^Environment=//p' "$unit" | tr '\\n' ' ') HOME='$HOME' $(sed -n 's/^ExecStart=://p' "$unit")" >/dev/null 2>&1 &
    echo $! >"$pid"
    until [ -S "$HUB_HOME/hub.sock" ]; do sleep 0.05; done ;;
  disable) stop ;;
  is-active) [ -e "$pid" ] && kill -0 "$(cat "$pid")" ;;
esac
exit $?
`

let home: Home

beforeAll(async () => {
  expect(await ensureBuilt()).toBe(true)
  home = makeHome()
  home.write("bin/systemctl", systemctl)
  fs.chmodSync(path.join(home.path, "bin/systemctl"), 0o755)
  fs.mkdirSync(path.join(home.path, "hub"))
})

afterAll(() => home.remove())

const service = (...args: ReadonlyArray<string>) =>
  run(home, ["service", ...args], {
    env: {
      PATH: `${home.path}/bin:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
      XDG_CONFIG_HOME: path.join(home.path, "config"),
    },
  })

const pid = () => pidOfHub(path.join(home.path, "hub"))

test.skipIf(process.platform !== "linux")(
  "what is installed starts this program for this home, in the place of a hub started by hand, and is taken back",
  async () => {
    expect((await run(home, ["start"])).code).toBe(0)
    const byHand = pid()
    expect(await service("install", "--apply")).toMatchObject({ code: 0, err: "" })
    const kept = await until("the hub of the service", () => (pid() === byHand ? undefined : pid()))
    expect(fs.readlinkSync(`/proc/${kept}/exe`)).toBe(fs.realpathSync(binary))
    expect((await service("status")).out).toContain("systemd keeps it running")
    expect((await run(home, ["status"])).out).toContain(String(kept))
    expect(await service("uninstall", "--apply")).toMatchObject({ code: 0, err: "" })
    await until("the end of the hub", () => pid() === undefined || undefined)
    expect((await service("status")).code).toBe(1)
    expect(fs.readdirSync(path.join(home.path, "config/systemd/user"))).toEqual([])
  },
)

/** A user unit of systemd. Source: systemd.service(5), systemd.exec(5), systemd.syntax(7), version 252. */
import { join } from "node:path"
import { type Manager, mark, plain, refused, type User, type Wanted } from "./Manager.ts"

const unit = "hub.service"
const systemctl = (...args: ReadonlyArray<string>) => ["systemctl", "--user", ...args]

/** `config`: XDG_CONFIG_HOME when it is an absolute path. */
export const manager = (wanted: Wanted, user: User, config = join(user.home, ".config")): Manager => ({
  name: "systemd",
  file: join(config, "systemd", "user", unit),
  text: text(wanted),
  encoding: "utf8",
  probe: systemctl("show-environment"),
  advice: `There is no systemd session of this user. Give it one with \`sudo loginctl enable-linger ${user.name}\`, log in again, and check that XDG_RUNTIME_DIR is set (/run/user/${user.uid ?? "UID"}). Without systemd, \`hub start\` starts the hub.`,
  enable: (isNew) => [
    { argv: systemctl("daemon-reload") },
    { argv: systemctl("enable", unit) },
    // A hub that is restarted leaves its attempts running and takes them up again.
    { argv: systemctl(isNew ? "restart" : "start", unit) },
  ],
  disable: [{ argv: systemctl("disable", "--now", unit), may_fail: true }],
  forget: [{ argv: systemctl("daemon-reload") }, { argv: systemctl("reset-failed", unit), may_fail: true }],
  active: systemctl("is-active", "--quiet", unit),
  notes: [
    `It ends when you log out, agents included, unless you run: sudo loginctl enable-linger ${user.name}`,
    `Its log: hub logs. What systemd says of it: journalctl --user -u ${unit}`,
  ],
})

// What a unit forbids, its agents are forbidden as well, so nothing is forbidden here. See docs/decisions.
const text = ({ home, path, self }: Wanted): string => `# ${mark}, which writes it anew.
# Changes belong in \`systemctl --user edit ${unit}\`.
[Unit]
Description=hub: dispatches work to coding agents

[Service]
Type=exec
ExecStart=${command([...self, "serve"])}
${environment("PATH", path)}
${home === undefined ? "" : `${environment("HUB_HOME", home)}\n`}# Attempts survive a stop of the hub; the next one takes them up.
KillMode=process
# One agent that runs out of memory is no reason to stop them all.
OOMPolicy=continue
Restart=on-failure
RestartSec=5
# Something in the configuration is wrong: starting again does not help.
RestartPreventExitStatus=2

[Install]
WantedBy=default.target
`

/** With `:` in front, systemd leaves `$` alone. */
const command = ([program = "", ...args]: ReadonlyArray<string>): string => {
  if (!/^\/[^"'\\]*$/.test(program))
    throw refused(
      "systemd starts no program whose path has quotes or backslashes in it. Move this one",
      program,
    )
  return `:${[program, ...args].map(quoted).join(" ")}`
}

const environment = (name: string, value: string): string => `Environment=${quoted(`${name}=${value}`)}`

/** `%` begins a specifier, inside quotes too. */
const quoted = (word: string): string => `"${plain(word).replace(/["\\]/g, "\\$&").replaceAll("%", "%%")}"`

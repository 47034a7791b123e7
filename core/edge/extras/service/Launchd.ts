/** A launchd agent. Source: launchd.plist(5), launchctl(1). */
import { join } from "node:path"
import { type Manager, mark, type User, type Wanted } from "./Manager.ts"
import { escaped } from "./Xml.ts"

const label = "local.hub"

export const manager = (wanted: Wanted, user: User): Manager => {
  const domain = `gui/${user.uid ?? 0}`
  const service = `${domain}/${label}`
  const file = join(user.home, "Library", "LaunchAgents", `${label}.plist`)
  const out = { argv: ["launchctl", "bootout", service], may_fail: true }
  return {
    name: "launchd",
    file,
    text: text(wanted),
    encoding: "utf8",
    probe: ["launchctl", "print", domain],
    advice: "launchd has no session of this user: log in on the screen of this Mac, not only over ssh.",
    enable: (isNew) =>
      isNew
        ? [
            out,
            { argv: ["launchctl", "enable", service] },
            { argv: ["launchctl", "bootstrap", domain, file] },
          ]
        : [
            // Fails for one that is there already.
            { argv: ["launchctl", "bootstrap", domain, file], may_fail: true },
            { argv: ["launchctl", "kickstart", service] },
          ],
    disable: [out],
    forget: [],
    active: ["launchctl", "print", service],
    notes: ["Its log: hub logs."],
  }
}

const text = ({ home, path, self }: Wanted): string => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${mark}, which writes it anew. -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${label}</string>
  <key>ProgramArguments</key>
  <array>
${[...self, "serve"].map((word) => `    <string>${escaped(word)}</string>`).join("\n")}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    <string>${escaped(path)}</string>
${home === undefined ? "" : `    <key>HUB_HOME</key>\n    <string>${escaped(home)}</string>\n`}  </dict>
  <key>RunAtLoad</key>
  <true/>
  <!-- Again when it failed, not when it was told to stop. -->
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <!-- Attempts survive a stop of the hub; the next one takes them up. -->
  <key>AbandonProcessGroup</key>
  <true/>
  <!-- Agents are worked with: they are not slowed down as what runs in the background is. -->
  <key>ProcessType</key>
  <string>Interactive</string>
</dict>
</plist>
`

/** A scheduled task of Windows. Source: Task Scheduler schema 1.2, schtasks; CommandLineToArgvW for the quoting. */
import { join } from "node:path"
import { type Manager, mark, type User, type Wanted } from "./Manager.ts"
import { escaped } from "./Xml.ts"

const task = "hub"
const schtasks = (...args: ReadonlyArray<string>) => ["schtasks", ...args, "/tn", task]

/** `data`: %LOCALAPPDATA%. */
export const manager = (wanted: Wanted, user: User, data = join(user.home, "AppData", "Local")): Manager => {
  const file = join(data, "hub", "service.xml")
  return {
    name: "the task scheduler",
    file,
    text: text(wanted, user),
    // schtasks takes no other one.
    encoding: "utf16le",
    probe: undefined,
    advice: "Ask in a terminal of your own account: the task is this user's.",
    enable: (isNew) => [
      { argv: [...schtasks("/create"), "/xml", file, "/f"] },
      ...(isNew ? [{ argv: schtasks("/end"), may_fail: true }] : []),
      { argv: schtasks("/run") },
    ],
    disable: [
      { argv: schtasks("/end"), may_fail: true },
      { argv: [...schtasks("/delete"), "/f"], may_fail: true },
    ],
    forget: [],
    active: schtasks("/query"),
    notes: ["On Windows an attempt ends with the hub.", "Its log: hub logs."],
  }
}

const text = (wanted: Wanted, user: User): string => {
  const [program = "", ...args] = action(wanted)
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>hub: dispatches work to coding agents. ${mark}, which writes it anew.</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <UserId>${escaped(user.name)}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${escaped(user.name)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>255</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${escaped(program)}</Command>
      <Arguments>${escaped(args.map(quoted).join(" "))}</Arguments>
    </Exec>
  </Actions>
</Task>
`
}

/** A task has no environment of its own, so another home is set by a shell; PATH is the user's in any case. */
const action = ({ home, self }: Wanted): ReadonlyArray<string> => {
  if (home === undefined) return [...self, "serve"]
  const started = [...self, "serve"].map(literal).join(" ")
  const script = `$env:HUB_HOME=${literal(home)}; & ${started}; exit $LASTEXITCODE`
  return ["powershell.exe", "-NoProfile", "-NonInteractive", "-WindowStyle", "Hidden", "-Command", script]
}

/** PowerShell takes typographic quotes for quotes as well. */
const literal = (text: string): string => `'${text.replace(/['\u2018-\u201B]/g, "$&$&")}'`

/** Backslashes count only before a quote: there they are doubled. */
const quoted = (word: string): string =>
  `"${word.replace(
    /(\\*)("|$)/g,
    (_, slashes: string, quote: string) => `${slashes}${slashes}${quote === "" ? "" : '\\"'}`,
  )}"`

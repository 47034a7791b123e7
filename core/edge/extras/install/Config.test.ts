import { expect, test } from "bun:test"
import { Effect, Exit } from "effect"
import * as fc from "fast-check"
import { parse } from "../../../toml/Toml.ts"
import { type Client, clients } from "./Clients.ts"
import { entryOf, put, take } from "./Config.ts"

const codex = clients.find(({ name }) => name === "codex") as Client
const entry = codex.entry({ command: ["/bin/hub", "serve", "--stdio"], env: { HUB_HOME: "/srv/hub" } })
const at = (text: string) => ({ file: "config.toml", text })

const line = fc.oneof(
  fc.constantFrom("", "# own", "  # [not.a.table]", "#:schema x.json"),
  fc
    .tuple(
      fc.constantFrom("a", "b", "c", "d.x"),
      fc.constantFrom("1", '"s # s"', "[1, # c\n 2]", "{ x = 1 }"),
    )
    .map(([key, value]) => `${key} = ${value} # why`),
  fc.constantFrom(
    "[x]",
    "[[list]]",
    "[mcp_servers.other]  # two",
    "[mcp_servers.other.env]",
    "[ mcp_servers . third ]",
  ),
)
const document = fc
  .tuple(fc.array(line, { maxLength: 10 }), fc.constantFrom("\n", "\r\n"), fc.boolean(), fc.boolean())
  .map(([lines, eol, end, mark]) => {
    const valid = lines.reduce<ReadonlyArray<string>>((kept, one) => {
      const more = [...kept, one]
      return Exit.isSuccess(Effect.runSyncExit(parse(more.join("\n"), "config.toml"))) ? more : kept
    }, [])
    const text = valid.join("\n") + (end && valid.length > 0 ? "\n" : "")
    return (mark ? "\uFEFF" : "") + text.replaceAll("\n", eol)
  })

test("a TOML file keeps every byte beside the entry, and has them all back when that is taken", () => {
  fc.assert(
    fc.property(document, (text) => {
      const after = Effect.runSync(put(codex, at(text), entry))
      expect(after.startsWith(text)).toBe(true)
      expect(Effect.runSync(entryOf(codex, at(after)))).toEqual(entry)
      expect(Effect.runSync(put(codex, at(after), entry))).toBe(after)
      const back = Effect.runSync(take(codex, at(after), text))
      expect([text, `${text}\n`, `${text}\r\n`]).toContain(back)
      // Somebody's table that came behind it meanwhile stays as well.
      const more = `${after}\n[later] # theirs\nz = 1\n`
      const rest = Effect.runSync(take(codex, at(more), text))
      expect(rest.startsWith(text)).toBe(true)
      expect(rest.endsWith("[later] # theirs\nz = 1\n")).toBe(true)
      expect(rest).not.toContain("mcp_servers.hub")
    }),
    { numRuns: 500 },
  )
})

import { expect } from "bun:test"
import { test } from "hub/testing"
import type { Agent } from "hub/plugin"
import type { Rule } from "./Config.ts"
import { diffOf } from "./Diff.ts"
import * as Glob from "./Glob.ts"
import { decide } from "./Policy.ts"

const shell = (command: string) => ({ kind: "execute", title: "Shell", rawInput: { command } })
const touching = (kind: string, ...paths: ReadonlyArray<string>) => ({
  kind,
  locations: paths.map((path) => ({ path })),
})

const decided = (rules: ReadonlyArray<Rule>, call: object, permission?: Agent.Permission) =>
  decide(rules, permission, "/work/app", call as never).decision

test("without a rule the permission decides", () => {
  const table: ReadonlyArray<readonly [object, Rule["decision"], Rule["decision"], Rule["decision"]]> = [
    // restricted, ask, auto
    [touching("read", "/work/app/a"), "allow", "allow", "allow"],
    [touching("search"), "allow", "allow", "allow"],
    [touching("read", "/etc/passwd"), "deny", "ask", "deny"],
    [touching("edit", "/work/app/a"), "deny", "ask", "allow"],
    [touching("edit", "src/a"), "deny", "ask", "allow"],
    [touching("edit", "/work/app/../other/a"), "deny", "ask", "deny"],
    [touching("edit", "/work/application/a"), "deny", "ask", "deny"],
    [touching("edit", "~/.profile"), "deny", "ask", "deny"],
    [touching("edit", "file:///etc/hosts"), "deny", "ask", "deny"],
    [touching("edit", "/work/app/a", "/etc/hosts"), "deny", "ask", "deny"],
    // Nobody knows where.
    [touching("edit"), "deny", "ask", "deny"],
    [shell("ls"), "deny", "ask", "deny"],
    [touching("fetch"), "deny", "ask", "deny"],
    [{ title: "hub_dispatch" }, "deny", "ask", "deny"],
  ]
  for (const [call, restricted, ask, auto] of table) {
    expect([call, decided([], call, "restricted")]).toEqual([call, restricted])
    expect([call, decided([], call, "ask")]).toEqual([call, ask])
    expect([call, decided([], call, "auto")]).toEqual([call, auto])
    expect(decided([], call)).toBe(auto)
    expect(decided([], call, "bypass")).toBe("allow")
  }
})

test("the hub's own tools need no leave, but where a person wants to be asked", () => {
  const hub = "mcp__hub__*"
  const call = { kind: "other", title: "mcp__hub__dispatch" }
  const how = (permission: Agent.Permission, one: object = call, rules: ReadonlyArray<Rule> = []) =>
    decide(rules, permission, "/work/app", one as never, hub)
  for (const permission of ["restricted", "auto"] as const)
    expect(how(permission)).toEqual({ decision: "allow", because: "hub_tools" })
  expect(how("ask").decision).toBe("ask")
  expect(how("auto", call, [{ tool: "mcp__hub__dispatch", decision: "deny" }]).decision).toBe("deny")
  // What a model can name itself.
  expect(how("auto", { kind: "execute", title: "mcp__hub__dispatch" }).decision).toBe("deny")
  expect(how("auto", { kind: "other", title: "mcp__other__dispatch" }).decision).toBe("deny")
})

test("what is handed to a shell is the command", () => {
  const rules: ReadonlyArray<Rule> = [{ command: "git diff*", decision: "allow" }]
  const by = (...command: ReadonlyArray<string>) => decided(rules, { kind: "execute", rawInput: { command } })
  expect(by("/bin/bash", "-lc", "git diff --stat")).toBe("allow")
  expect(by("bash", "-c", "git diff; rm x")).toBe("deny")
  expect(by("git", "diff", "--stat")).toBe("allow")
  expect(by("bash", "-c", "git diff", "x")).toBe("deny")
})

test("the first rule that fits decides", () => {
  const rules: ReadonlyArray<Rule> = [
    { command: "git push*", decision: "ask" },
    { tool: "execute", decision: "allow" },
    { decision: "deny" },
  ]
  expect(decided(rules, shell("git push --force"))).toBe("ask")
  expect(decided(rules, shell("make"))).toBe("allow")
  expect(decide(rules, "bypass", "/", touching("fetch") as never)).toEqual({
    decision: "deny",
    because: "rule 3 of the policy",
  })
})

test("a rule that allows a command allows no second one beside it", () => {
  const rules: ReadonlyArray<Rule> = [{ command: "git diff*", decision: "allow" }]
  const isAllowed = (command: string) => decided(rules, shell(command), "ask") === "allow"
  expect(isAllowed("git diff --stat")).toBe(true)
  for (const more of [
    "; rm -rf /",
    " && rm x",
    " | sh",
    " > /etc/hosts",
    "\nrm x",
    " $(rm x)",
    " `rm x`",
    " & rm",
  ])
    expect([more, isAllowed(`git diff${more}`)]).toEqual([more, false])
  const piped: ReadonlyArray<Rule> = [{ command: "git log* | head*", decision: "allow" }]
  expect(decided(piped, shell("git log -1 | head -3"), "ask")).toBe("allow")
  expect(decided(piped, shell("git log -1 | head -3 | sh"), "ask")).toBe("ask")
})

test("a rule that denies finds what it is about wherever it stands", () => {
  const rules: ReadonlyArray<Rule> = [
    { command: "*rm -rf*", decision: "deny" },
    { path: ".github/**", decision: "deny" },
  ]
  expect(decided(rules, shell("ls;\nrm -rf ."), "bypass")).toBe("deny")
  expect(decided(rules, touching("edit", "/work/app/a", ".github/workflows/x.yml"), "bypass")).toBe("deny")
  const open: ReadonlyArray<Rule> = [{ path: "docs/**", decision: "allow" }]
  expect(decided(open, touching("edit", "docs/a.md"), "restricted")).toBe("allow")
  expect(decided(open, touching("edit", "docs/a.md", "src/b.ts"), "restricted")).toBe("deny")
  expect(decided(open, touching("edit", "docs/../src/b.ts"), "restricted")).toBe("deny")
  expect(decided(open, touching("edit"), "restricted")).toBe("deny")
})

test("globs", () => {
  const paths: ReadonlyArray<readonly [string, string, boolean]> = [
    ["**", "/work/app/a/b", true],
    ["*", "/work/app/a", true],
    ["*", "/work/app/a/b", false],
    ["src/**/*.ts", "/work/app/src/a.ts", true],
    ["src/**/*.ts", "/work/app/src/a/b/c.ts", true],
    ["src/**/*.ts", "/work/app/src/a/b/c.js", false],
    ["/etc/**", "/etc/ssh/config", true],
    ["/etc/**", "/work/etc/x", false],
  ]
  for (const [glob, path, expected] of paths)
    expect([glob, path, Glob.matchesPath(glob, path, "/work/app")]).toEqual([glob, path, expected])
  expect(Glob.matches("mcp__hub__*", "mcp__hub__dispatch")).toBe(true)
  expect(Glob.matches("a*b*c", "a-b-b-c")).toBe(true)
  expect(Glob.matches("a*b*c", "a-b-c-b")).toBe(false)
  // What would keep a backtracking matcher busy for years.
  expect(Glob.matches(`${"*a".repeat(30)}b`, "a".repeat(20_000))).toBe(false)
})

test("a change is told without what stays", () => {
  expect(diffOf("/a", "1\n2\n3\n4", "1\n2\nx\ny\n4")).toBe("changes /a, line 3:\n-3\n+x\n+y")
  expect(diffOf("/a", "", "new\ntext")).toBe("new file /a, line 1:\n+new\n+text")
  expect(diffOf("/a", "gone", "")).toBe("changes /a, line 1:\n-gone")
})

import { expect, test } from "bun:test"
import { duration, plainly, relative, table } from "./Print.ts"
import { cut, make, safe, short } from "./Terminal.ts"

const plain = { paint: (_: string, text: string) => text, width: 40, isTerminal: true }

test("durations are short and have their unit", () => {
  const given = [0, 999, 1234, 9_949, 12_400, 59_499, 60_000, 200_000, 3_599_600, 7_500_000, 273_600_000, -5]
  expect(given.map(duration)).toEqual([
    "0 ms",
    "999 ms",
    "1.2 s",
    "9.9 s",
    "12 s",
    "59 s",
    "1 min",
    "3 min 20 s",
    "1 h",
    "2 h 5 min",
    "3 d 4 h",
    "0 ms",
  ])
})

test("times are told from now", () => {
  const now = 1_000_000_000
  expect(
    [now, now - 9_000, now - 45_000, now - 200_000, now - 7_300_000, now - 200_000_000, now + 7_300_000].map(
      (at) => relative(at, now),
    ),
  ).toEqual(["just now", "just now", "45 s ago", "3 min ago", "2 h ago", "2 d ago", "in 2 h"])
})

test("nothing an agent writes can steer the terminal", () => {
  const attacks = [
    "\u001b[31mred\u001b[0m",
    "\u001b]0;title\u0007",
    "\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\",
    "\u001bP1;2|dcs\u001b\\",
    "\u009b2J",
    "\u001b[?1049h",
    "\u001bc",
    "\u001b]52;c;cHduZWQ=",
    "\u001b",
    "\u001b[",
    "a\u202eb\u2066c",
    "\u0085\u007f",
  ]
  for (const attack of attacks)
    expect(safe(attack)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
  expect(safe("\u001b[31mred\u001b[0m")).toBe("red")
  expect(safe("\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\")).toBe("link")
  expect(safe("over\rwritten\r\nnext\ttab")).toBe("over\nwritten\nnext\ttab")
  expect(safe("bell\u0007nul\u0000")).toBe("bell␇nul␀")
  expect(safe("größe 日本 🎉")).toBe("größe 日本 🎉")
})

test("text is cut by columns, never inside a letter", () => {
  expect(cut("日本語の文", 5)).toBe("日本…")
  expect(cut("abc", 3)).toBe("abc")
  expect(cut("👩‍👩‍👧👩‍👩‍👧", 3)).toBe("👩‍👩‍👧…")
  expect(short("  many\n\n lines  here ", 12)).toBe("many lines …")
})

test("a table is aligned, also with wide letters, and fits", () => {
  expect(
    table(
      ["id", "summary"],
      [
        ["a", "first"],
        ["日本", "second\nline"],
      ],
      plain,
    ),
  ).toBe(["id    summary", "a     first", "日本  second line"].join("\n"))
  expect(table(["id", "text"], [["a", "x".repeat(99)]], plain).split("\n")[1]).toHaveLength(40)
})

test("any output has a plain form", () => {
  expect(plainly({ agents: [{ id: "a", tags: ["x", "y"], ok: true }, { id: "b" }] }, plain)).toBe(
    ["id  tags  ok", "a   x, y  yes", "b"].join("\n"),
  )
  expect(plainly({ run_id: "r1", failure: { class: "crashed", message: "two\nlines" } }, plain)).toBe(
    ["run_id   r1", "failure  class    crashed", "         message  two", "                  lines"].join(
      "\n",
    ),
  )
  expect([
    plainly([], plain),
    plainly({}, plain),
    plainly(["a", 1], plain),
    plainly("x\u001b[2J", plain),
  ]).toEqual(["(none)", "(nothing)", "a\n1", "x"])
})

test("colours are for terminals, and for those who ask", () => {
  const sink = (isTTY: boolean) => ({ isTTY, write: () => {} })
  const colored = (isTTY: boolean, env: Record<string, string>, plain = false) =>
    make({ out: sink(isTTY), err: sink(false), env, plain }).out.paint("ok", "x") !== "x"
  expect(colored(true, {})).toBe(true)
  expect(colored(false, {})).toBe(false)
  expect(colored(true, { NO_COLOR: "1" })).toBe(false)
  expect(colored(true, { NO_COLOR: "" })).toBe(true)
  expect(colored(true, { TERM: "dumb" })).toBe(false)
  expect(colored(false, { FORCE_COLOR: "1" })).toBe(true)
  expect(colored(true, { FORCE_COLOR: "0" })).toBe(false)
  expect(colored(true, { FORCE_COLOR: "1" }, true)).toBe(false)
})

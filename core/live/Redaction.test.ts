import { expect, test } from "bun:test"
import { redactAll } from "../services/Secrets.ts"
import * as Redaction from "./Redaction.ts"

const x = (n: number) => "aB3".repeat(n).slice(0, n)

const keys = [
  `sk-${x(20)}`,
  `sk-proj-${x(40)}_-${x(10)}`,
  `sk-ant-api03-${x(40)}`,
  `sk_live_${x(24)}`,
  `ghp_${x(36)}`,
  `gho_${x(36)}`,
  `github_pat_${x(22)}_${x(59)}`,
  `glpat-${x(20)}`,
  `npm_${x(36)}`,
  `hub_${x(20)}-_${x(21)}`,
  `AIza${x(35)}`,
  `xoxb-1234567890-${x(20)}`,
  `xoxa-${x(20)}`,
  `xoxp-${x(20)}`,
  `AKIA${"ABCD".repeat(4)}`,
  `eyJ${x(20)}.eyJ${x(20)}.${x(20)}`,
  `-----BEGIN RSA PRIVATE KEY-----\n${x(64)}\n${x(64)}\n-----END RSA PRIVATE KEY-----`,
  `-----BEGIN PRIVATE KEY-----\\n${x(64)}`,
  `-----BEGIN PGP PRIVATE KEY BLOCK-----\n${x(64)}\n-----END PGP PRIVATE KEY BLOCK-----`,
]

test("each common key format is taken out, and the text around it stays", () => {
  const { redact } = Redaction.make()
  for (const key of keys.filter((key) => !key.startsWith("-----BEGIN PRIVATE"))) {
    expect(redact(`{"a":"${key}","b": ${key} }`)).toBe('{"a":"[redacted]","b": [redacted] }')
  }
  expect(redact(`before ${keys.find((key) => key.startsWith("-----BEGIN PRIVATE"))}`)).toBe(
    "before [redacted]",
  )
})

test("the names of a bearer token and of a user in a URL stay", () => {
  const { redact } = Redaction.make()
  expect(redact(`Authorization: Bearer ${x(30)}== x`)).toBe("Authorization: Bearer [redacted] x")
  expect(redact(`{"authorization":"basic ${x(12)}=="}`)).toBe('{"authorization":"basic [redacted]"}')
  expect(redact("https://me:pass:word@example.com/a")).toBe("https://me:[redacted]@example.com/a")
})

test("ordinary text stays as it is", () => {
  const { redact } = Redaction.make()
  for (const text of [
    "the task-list and a risk-adjusted-something-of-a-word",
    "https://example.com:8080/a@b?c=d, git@github.com:a/b.git",
    "bearer of bad news",
    "sk-short ghp_short AKIA eyJ hub_status hub_plugins",
    "basic knowledge of authorization, and basic authentication",
    "0f3e5a7b9c1d2e4f6a8b0c2d4e6f8a0b1c3d5e7f",
  ])
    expect(redact(text)).toBe(text)
})

test("a known value is taken out as it is, inside JSON, and inside a URL; one shorter than six is not", () => {
  const { learn, redact } = Redaction.make()
  const value = 'two\nlines & "quotes" $&'
  learn(value)
  learn("tiny")
  expect(redact(`<${value}> ${JSON.stringify({ value })} ?k=${encodeURIComponent(value)} tiny`)).toBe(
    '<[redacted]> {"value":"[redacted]"} ?k=[redacted] tiny',
  )
})

test("of two values the longer goes first, so that no rest of it shows", () => {
  const { learn, redact } = Redaction.make()
  learn("secret")
  learn("secret-and-more")
  expect(redact("secret-and-more")).toBe("[redacted]")
})

test("where only what is known may go, a value goes in every spelling and a key's form stays", () => {
  const { learn, redactKnown } = Redaction.make()
  learn('hunter2/"x')
  const form = `ghp_${x(36)}`
  expect(redactKnown(`hunter2/"x hunter2/\\"x hunter2%2F%22x ${form}`)).toBe(
    `[redacted] [redacted] [redacted] ${form}`,
  )
})

test("a JSON value is redacted in every text, keys too, and keeps its shape", () => {
  const when = new Date(0)
  const value = { secret: ["secret", 1, null, { deep: "a secret" }], when }
  expect(redactAll(value, (text) => text.replaceAll("secret", "*"))).toEqual({
    "*": ["*", 1, null, { deep: "a *" }],
    when,
  } as never)
})

/** What a shim refuses before it looks for a hub. */
import { expect, test } from "bun:test"
import { join } from "node:path"

const shim = async (env: Record<string, string>, ...flags: ReadonlyArray<string>) => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "hub.ts"), "serve", "--stdio", ...flags], {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stderr: "pipe",
  })
  return { code: await child.exited, said: await new Response(child.stderr).text() }
}

test.each([
  ["a home that is not absolute", { HUB_HOME: "here" }, [], 4, "HUB_HOME is not an absolute path"],
  ["a home too long for a socket", { HUB_HOME: `/tmp/${"x".repeat(100)}` }, [], 4, "--standalone"],
  ["a flag that it does not know", { HUB_HOME: "/tmp/x" }, ["--http"], 2, "--http"],
] as const)("%s is refused with what to do", async (_, env, flags, code, said) => {
  const ended = await shim(env, ...flags)
  expect(ended.code).toBe(code)
  expect(ended.said).toContain(said)
})

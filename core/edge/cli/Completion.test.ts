import { afterEach, describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { folder, hub, program, removeFolders } from "../fixtures/program.ts"

afterEach(removeFolders)

describe("completion", () => {
  const offered = async (...words: ReadonlyArray<string>) =>
    (await hub(["__complete", "--", ...words])).out
      .split("\n")
      .map((line) => line.split("\t")[0])
      .filter(Boolean)

  test("offers commands, flags, values and names that the hub knows", async () => {
    expect(await offered("")).toContain("dispatch")
    expect(await offered("ru")).toEqual(["runs"])
    expect(await offered("runs", "")).toEqual(["show", "events", "cancel"])
    expect(await offered("dispatch", "--pi")).toEqual(["--pipeline"])
    expect(await offered("dispatch", "--agent", "")).toEqual(["claude", "codex"])
    expect(await offered("dispatch", "--pipeline", "im")).toEqual(["implement"])
    expect(await offered("completion", "")).toEqual(["bash", "zsh", "fish"])
  })

  test("is silent when no hub can be asked", async () => {
    const { code, err, out } = await hub(["__complete", "--", "dispatch", "--agent", ""], {
      env: { FIXTURE_HUB: "none" },
    })
    expect([code, out, err]).toEqual([0, "", ""])
  })

  test.each(["bash", "zsh", "fish"].filter((shell) => Bun.which(shell) !== null))(
    "the script is one that %s reads",
    async (shell) => {
      const { out } = await hub(["completion", shell])
      const child = Bun.spawn([shell, "-n", "/dev/stdin"], { stdin: new Blob([out]), stderr: "pipe" })
      expect([await child.stderr.text(), await child.exited]).toEqual(["", 0])
    },
  )

  test("works in bash", async () => {
    const cwd = folder()
    writeFileSync(join(cwd, "hub"), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, {
      mode: 0o755,
    })
    const script = `eval "$(hub completion bash)"; COMP_WORDS=(hub dispatch --agent c); COMP_CWORD=3; _hub; echo "\${COMPREPLY[@]}"`
    const child = Bun.spawn(["bash", "-c", script], {
      stdout: "pipe",
      stderr: "pipe",
      env: { PATH: `${cwd}:${process.env["PATH"]}` },
    })
    expect([await child.stdout.text(), await child.stderr.text()]).toEqual(["claude codex\n", ""])
  })
})

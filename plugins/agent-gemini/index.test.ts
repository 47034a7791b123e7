import { adapterSuite, assert, test } from "hub/testing"
import adapter from "./index.ts"

const { launched } = adapterSuite(adapter, new URL("./fixtures", import.meta.url))

test("the prompt travels by stdin, into a folder that need not be trusted", () => {
  const { args, env, stdin } = launched({ permission: "auto", model: "flash", session: { id: "s1" } })
  assert.equal(args.join(" "), "--skip-trust -o stream-json --approval-mode auto_edit -m flash --resume s1")
  assert.equal(env?.["GEMINI_CLI_NO_RELAUNCH"], "true")
  assert.deepEqual(stdin, { text: "do it" })
})

import { adapterSuite, assert, test } from "hub/testing"
import adapter from "./index.ts"

const { launched } = adapterSuite(adapter, new URL("./fixtures", import.meta.url), {
  full: { auth_type: "openai" },
})

test("the prompt travels by stdin, permissions become a mode", () => {
  const { args, stdin } = launched(
    { permission: "bypass", model: "m", session: { id: "s1" } },
    { auth_type: "openai" },
  )
  assert.equal(args.join(" "), "--auth-type openai -o stream-json --approval-mode yolo -m m --resume s1")
  assert.deepEqual(stdin, { text: "do it" })
})

import { adapterSuite, assert, test } from "hub/testing"
import adapter from "./index.ts"

const { launched } = adapterSuite(adapter, new URL("./fixtures", import.meta.url))

test("the prompt travels by stdin, since with -p it would be ignored there", () => {
  const { args, stdin } = launched({ permission: "bypass", model: "m", session: { id: "s1" } })
  assert.equal(args.join(" "), "--output-format json --allow-all-tools --model m --resume=s1")
  assert.deepEqual(stdin, { text: "do it" })
})

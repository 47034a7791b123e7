import { adapterSuite, assert, test } from "hub/testing"
import adapter from "./index.ts"

const { launched } = adapterSuite(adapter, new URL("./fixtures", import.meta.url))

test("the prompt travels by stdin, since an argument would hide it", () => {
  const { args, stdin } = launched({ permission: "auto", system: "Be brief.", session: { id: "s1" } })
  assert.equal(args.join(" "), "exec -o stream-json --auto medium --append-system-prompt Be brief. -s s1")
  assert.deepEqual(launched({ session: { id: "s1", fork: true } }).args.slice(-2), ["--fork", "s1"])
  assert.deepEqual(stdin, { text: "do it" })
})

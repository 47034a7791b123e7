import { adapterSuite, assert, test } from "hub/testing"
import ember from "./index.ts"

const { launched } = adapterSuite(ember, new URL("./fixtures", import.meta.url))

test("a session is gone on with by its id", () => {
  const { args, stdin } = launched({ prompt: "go on", session: { id: "s-1" } }, { model: "ember-large" })
  assert.equal(args.join(" "), "run --stream --model ember-large --session s-1")
  assert.deepEqual(stdin, { text: "go on" })
})

import { assert, test } from "hub/testing"
import { bullets } from "./index.ts"

test("empty lines make no bullet", () => {
  assert.equal(bullets("one\n\n  two\n"), "- one\n- two")
})

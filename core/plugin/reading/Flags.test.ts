import { expect, test } from "bun:test"
import { unknownFlag } from "./Flags.ts"

test.each([
  ["error: unknown option '--yolo'", "--yolo"],
  ["Unknown option --yolo", "--yolo"],
  ["error: unexpected argument '--yolo' found", "--yolo"],
  ["error: invalid value 'x' for '--yolo <MODE>'", "--yolo"],
  ["Unknown argument: yolo", "--yolo"],
  ["Unknown arguments: yolo, other", "--yolo"],
  ["error: unknown option '-y'", "-y"],
])("%s", (line, flag) => {
  const failure = unknownFlag("Acme", ["usage: acme", line])
  expect(failure?.class).toBe("adapter_mismatch")
  expect(failure?.message).toBe(`Acme does not take ${flag}. \`hub doctor agents\` compares versions.`)
})

test("words about an option in the middle of a line are none", () => {
  expect(unknownFlag("Acme", ["I tried the unknown option '--yolo' for you"])).toBeUndefined()
})

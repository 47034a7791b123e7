import { expect, test } from "bun:test"
import { PassThrough } from "node:stream"
import * as fc from "fast-check"
import { maxLine } from "../wire/Cutter.ts"
import { Lines } from "./Lines.ts"

/** Everything that a connection makes of these chunks: what it hands on, and what it answers. */
const through = async (chunks: ReadonlyArray<Uint8Array>) => {
  const input = new PassThrough()
  const output = new PassThrough()
  const lines = new Lines(input, output)
  const received: Array<unknown> = []
  const closed = new Promise<void>((onclose) => {
    Object.assign(lines, { onclose, onmessage: (message: unknown) => received.push(message) })
  })
  await lines.start()
  for (const chunk of chunks) input.write(chunk)
  input.end()
  await closed
  output.end()
  const answered = Buffer.concat(await Array.fromAsync(output))
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { id: unknown; error: { code: number } })
  return { received, answered }
}

const note = (text: string) => ({ jsonrpc: "2.0" as const, method: "note", params: { text } })
const bytes = (text: string) => new TextEncoder().encode(text)

test("however the bytes are cut into chunks, the messages are the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme" }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
      fc.constantFrom("\n", "\r\n", "\n\n"),
      async (texts, sizes, end) => {
        const whole = bytes(texts.map((text) => JSON.stringify(note(text)) + end).join(""))
        const chunks: Array<Uint8Array> = []
        for (let at = 0, turn = 0; at < whole.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          chunks.push(whole.subarray(at, at + size))
          at += size
        }
        expect(await through(chunks)).toEqual({ received: texts.map(note), answered: [] })
      },
    ),
    { numRuns: 60 },
  )
})

test("any rubbish is answered once a line, and what follows it is still read", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (rubbish) => {
      const { answered, received } = await through([rubbish, bytes(`\n${JSON.stringify(note("after"))}\n`)])
      const isEmpty = (line: string) => line.trim() === ""
      const lines = new TextDecoder()
        .decode(rubbish)
        .split("\n")
        .filter((line) => !isEmpty(line))
      expect(received).toEqual([note("after")])
      expect(answered.length).toBe(lines.length)
      for (const { error } of answered) expect([-32700, -32600]).toContain(error.code)
    }),
    { numRuns: 60 },
  )
})

test("a line that is too long is answered by its id, wherever clients write it", async () => {
  const filler = bytes("x".repeat(maxLine))
  const long = (before: string, after: string) =>
    through([bytes(before), filler, bytes(`${after}\n`), bytes(`${JSON.stringify(note("after"))}\n`)])
  const cases = [
    await long('{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":"', '"}}'),
    await long('{"method":"m","params":{"a":"', '"},"jsonrpc":"2.0","id":"seven"}'),
    await long('{"method":"m","params":{"a":"', '"}}'),
  ]
  expect(cases.map(({ answered }) => answered.map(({ id }) => id))).toEqual([[7], ["seven"], [null]])
  for (const { received } of cases) expect(received).toEqual([note("after")])
})

test("a last line without its end is read", async () => {
  expect((await through([bytes(JSON.stringify(note("last")))])).received).toEqual([note("last")])
})

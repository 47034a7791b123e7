import { expect, test } from "bun:test"
import * as fc from "fast-check"
import { Cutter } from "./Cutter.ts"
import { Outbox } from "./Outbox.ts"

const cut = (chunks: ReadonlyArray<string>, max: number) => {
  const lines: Array<string> = []
  const cutter = new Cutter(
    { line: (bytes) => lines.push(String(bytes)), tooLong: (head, tail) => lines.push(`${head}…${tail}`) },
    max,
  )
  for (const chunk of chunks) cutter.take(Buffer.from(chunk))
  cutter.end()
  return lines
}

test("lines come whole with their ends, however they are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 5 })), fc.string({ maxLength: 5 }), (parts, glue) => {
      const chunks = parts.flatMap((part) => [part, glue, "\n"])
      expect(cut(chunks, 1_000).join("")).toBe(chunks.join(""))
      for (const line of cut(chunks, 1_000)) expect(line.indexOf("\n")).toBe(line.length - 1)
    }),
  )
})

test("of a line that is too long both ends are kept, and the next line is whole", () => {
  expect(cut(["abc", "x".repeat(5_000), "xyz\nnext\n"], 100)).toEqual([
    expect.stringMatching(/^abc.*xyz\n$/),
    "next\n",
  ])
})

/** A reader that takes at most so many bytes at a time, and then wants to be asked again. */
const slow = (sizes: ReadonlyArray<number>) => {
  const taken: Array<Buffer> = []
  let turn = 0
  const write = (bytes: Buffer): number => {
    const size = Math.min(bytes.length, sizes[turn++ % sizes.length] ?? 1)
    taken.push(Buffer.from(bytes.subarray(0, size)))
    return size
  }
  return { write, text: () => Buffer.concat(taken).toString() }
}

test("everything arrives in order, however little the reader takes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string(), { maxLength: 20 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 }).map((sizes) => [...sizes, 3]),
      async (texts, sizes) => {
        const reader = slow(sizes)
        const outbox = new Outbox(reader)
        for (const text of texts) outbox.write(text)
        const all = outbox.empty
        await Promise.resolve()
        while (outbox.size > 0) outbox.drain()
        await all
        expect(reader.text()).toBe(Buffer.from(texts.join("")).toString())
      },
    ),
  )
})

test("the first goes out before its writer's next work; what others write in the same turn goes out together", async () => {
  const story: Array<string> = []
  const outbox = new Outbox({ write: (bytes) => story.push(String(bytes)) && bytes.length })
  const turn = new Promise<void>((resolve) =>
    setImmediate(() => {
      story.push("work")
      resolve()
    }),
  )
  for (const text of ["a", "b", "c"]) {
    outbox.write(text)
    await Promise.resolve()
  }
  await turn
  await outbox.empty
  expect(story).toEqual(["a", "work", "bc"])
})

test("what waits for a reader that is gone is forgotten", async () => {
  const outbox = new Outbox({ write: () => -1 })
  outbox.write("x")
  await outbox.empty
  expect(outbox.size).toBe(0)
})

import { expect, test } from "bun:test"
import { Starts } from "./Starts.ts"

/** Longer than any test. */
const forever = 1_000_000

const started = (starts: Starts): Promise<void> => new Promise((resolve) => void starts.next(resolve))

const aTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

test("the first one starts while another one is accepted", async () => {
  const starts = new Starts(forever)
  starts.accept()
  await started(starts)
})

test("one that comes close behind another lets go first what is accepted meanwhile", async () => {
  const starts = new Starts(forever)
  await started(starts)
  const order: Array<string> = []
  const done = starts.accept()
  const second = started(starts).then(() => order.push("started"))
  for (let turns = 0; turns < 20; turns++) await aTurn()
  order.push("accepted")
  done()
  await second
  expect(order).toEqual(["accepted", "started"])
})

test("whoever never stops to hand over runs holds none of them up", async () => {
  const starts = new Starts()
  starts.accept()
  for (let runs = 0; runs < 3; runs++) await started(starts)
})

test("they start in the order in which they came, and one that was taken back does not", async () => {
  const starts = new Starts()
  const order: Array<number> = []
  const first = starts.next(() => order.push(1))
  void starts.next(() => order.push(2))
  first()
  await started(starts)
  expect(order).toEqual([2])
})

import { expect } from "bun:test"
import * as fs from "node:fs"
import { type Cause, Effect, Option, Queue, Stream } from "effect"
import { Files } from "../services/Files.ts"
import { live, tempHome } from "../testing/effect.ts"
import * as FilesLive from "./Files.ts"

live(
  "files and folders are written for their owner alone",
  FilesLive.layer,
  Effect.gen(function* () {
    const folder = yield* tempHome
    const files = yield* Files
    fs.writeFileSync(`${folder}/open`, "", { mode: 0o644 })
    yield* files.write(`${folder}/open`, "x")
    yield* files.write(`${folder}/a/b`, "x")
    const mode = (name: string) => fs.statSync(`${folder}/${name}`).mode & 0o777
    expect([mode("open"), mode("a"), mode("a/b")]).toEqual([0o600, 0o700, 0o600])
  }),
)

live(
  "the stamp changes with the file, also when size and time do not",
  FilesLive.layer,
  Effect.gen(function* () {
    const file = `${yield* tempHome}/x`
    const files = yield* Files
    expect(yield* files.stamp(file)).toEqual(Option.none())
    yield* files.write(file, "one")
    const { stamp, text } = yield* files.read(file)
    expect(text).toBe("one")
    expect(yield* files.stamp(file)).toEqual(Option.some(stamp))
    const { atime, mtime } = fs.statSync(file)
    yield* files.write(file, "two")
    fs.utimesSync(file, atime, mtime)
    expect(yield* files.stamp(file)).not.toEqual(Option.some(stamp))
  }),
)

live(
  "a listing is sorted, and empty for a missing folder",
  FilesLive.layer,
  Effect.gen(function* () {
    const folder = yield* tempHome
    const files = yield* Files
    for (const name of ["b", "a", "C"]) yield* files.write(`${folder}/${name}`, "")
    expect(yield* files.list(folder)).toEqual(["C", "a", "b"])
    expect(yield* files.list(`${folder}/gone`)).toEqual([])
    expect((yield* Effect.flip(files.list(`${folder}/a`))).reason).toBe("not_a_file")
    yield* files.remove(`${folder}/a`)
    expect(yield* files.list(folder)).toEqual(["C", "b"])
  }),
)

live(
  "a folder is given by its real path, anything else says what it is",
  FilesLive.layer,
  Effect.gen(function* () {
    const folder = yield* tempHome
    const files = yield* Files
    fs.mkdirSync(`${folder}/wi th\n"q"`)
    fs.symlinkSync(`wi th\n"q"`, `${folder}/link`)
    fs.symlinkSync("circle", `${folder}/circle`)
    fs.writeFileSync(`${folder}/file`, "")
    expect(yield* files.folder(`${folder}/link/../link`)).toBe(`${folder}/wi th\n"q"`)
    const why = (name: string) =>
      Effect.map(Effect.flip(files.folder(`${folder}/${name}`)), ({ detail }) => detail)
    expect(yield* why("gone")).toBe("there is no such folder")
    expect(yield* why("file")).toBe("it is not a folder")
    expect(yield* why("circle")).toBe("its links lead in a circle")
    expect(yield* why("x/".repeat(3000))).toBe("its path is longer than this machine can open")
  }),
)

live(
  "a folder tells of each change, and of its own end",
  FilesLive.layer,
  Effect.gen(function* () {
    const folder = `${yield* tempHome}/watched`
    fs.mkdirSync(folder)
    const files = yield* Files
    const seen = yield* Queue.unbounded<ReadonlyArray<string>, Cause.Done>()
    const listing = Stream.mapEffect(files.changes(folder), () => Effect.orDie(files.list(folder)))
    yield* Effect.forkScoped(Stream.runIntoQueue(Stream.changesWith(listing, Bun.deepEquals), seen))
    expect(yield* Queue.take(seen)).toEqual([])
    fs.writeFileSync(`${folder}/a`, "")
    expect(yield* Queue.take(seen)).toEqual(["a"])
    fs.renameSync(`${folder}/a`, `${folder}/b`)
    const renamed = Stream.takeUntil(Stream.fromQueue(seen), ([name]) => name === "b")
    expect(yield* Stream.runLast(renamed)).toEqual(Option.some(["b"]))
    fs.rmSync(folder, { recursive: true })
    expect(yield* Stream.runLast(Stream.fromQueue(seen))).toEqual(Option.some([]))
    expect(yield* Stream.runCollect(files.changes(folder))).toHaveLength(1)
  }),
)

/** The hub put into a client's file, and taken out again. */
import * as fs from "node:fs"
import { Effect } from "effect"
import { OperationFailed } from "../../../plugin/Operation.ts"
import type { Client } from "./Clients.ts"
import * as Config from "./Config.ts"
import { difference } from "./Difference.ts"
import { type Entry, type Hub, isHub, merged } from "./Entry.ts"
import * as Keeping from "./Keeping.ts"
import * as Swap from "./Swap.ts"
import { missingAbove, type Scope } from "./Target.ts"

/** One file of one client. */
export interface Target {
  readonly client: Client
  readonly scope: Scope
  readonly place: Swap.Place
  /** HUB_HOME. */
  readonly home: string
}

/** What is done, or would be. */
export interface Outcome {
  readonly change: "added" | "updated" | "removed" | "restored" | "none"
  readonly file: string
  /** Where the bytes from before are kept. */
  readonly backups?: string | undefined
  readonly entry?: Entry | undefined
  /** Of a dry run: the lines that would go and come. */
  readonly diff?: ReadonlyArray<string> | undefined
}

interface Asked {
  readonly hub: Hub
  readonly trust: boolean | undefined
  /** Also over an entry of another server. */
  readonly force: boolean
}

interface Plan {
  readonly outcome: Outcome
  readonly wanted: Swap.Wanted | undefined
}

export const install = (target: Target, asked: Asked, apply: boolean) =>
  Effect.suspend(() => {
    const made = missingAbove(target.place.file)
    return carriedOut(target, apply, (found) => installing(target, { ...asked, made }, found))
  })

export const uninstall = (target: Target, apply: boolean) =>
  carriedOut(target, apply, (found) => uninstalling(target, found))

type Planning = (found: Swap.Found) => Effect.Effect<Plan, OperationFailed>

const carriedOut = Effect.fn("Register.carriedOut")(function* (
  { client, place, scope, home }: Target,
  apply: boolean,
  plan: Planning,
) {
  if (!apply) return yield* foreseen(yield* Swap.look(place), plan)
  let outcome: Outcome = { change: "none", file: place.file }
  let made: ReadonlyArray<string> = []
  yield* Swap.change(place, (found) =>
    Effect.map(plan(found), (planned) => {
      outcome = planned.outcome
      const { change, file } = outcome
      // While it is locked: an install that comes next has a record of its own.
      const after = () => (made = forgotten(folderIn(home, client, scope, file), change))
      return planned.wanted === undefined ? undefined : { ...planned.wanted, after }
    }),
  )
  yield* Swap.attempt(outcome.file, () => made.toReversed().forEach(removeEmpty))
  return outcome
})

/** Nothing is written for it, not even what would be kept. */
const foreseen = Effect.fnUntraced(function* (found: Swap.Found, plan: Planning) {
  const { outcome, wanted } = yield* plan(found)
  const text = (bytes: Buffer | undefined): string => bytes?.toString("utf8") ?? ""
  return wanted === undefined
    ? outcome
    : { ...outcome, diff: difference(text(found.bytes), text(wanted.bytes)) }
})

const folderIn = (home: string, { name }: Client, scope: Scope, real: string): string =>
  Keeping.folderOf(home, `${name}-${scope}`, real)

/** Forgets an install that is undone. Gives the folders that were made for its file: they go as far as they are empty. */
const forgotten = (folder: string, change: Outcome["change"]): ReadonlyArray<string> => {
  if (change !== "removed" && change !== "restored") return []
  const made = Keeping.recordOf(folder)?.folders ?? []
  Keeping.forget(folder, { bytes: change === "restored" })
  return change === "restored" ? made : []
}

const removeEmpty = (folder: string): void => {
  if (fs.existsSync(folder) && fs.readdirSync(folder).length === 0) fs.rmdirSync(folder)
}

interface Installing extends Asked {
  /** Folders that are not there before the lock is taken. */
  readonly made: ReadonlyArray<string>
}

const installing = Effect.fnUntraced(function* (target: Target, asked: Installing, found: Swap.Found) {
  const { client, place } = target
  const text = yield* textOf(place.file, found.bytes)
  const given = { file: place.file, text: text ?? "" }
  const old = yield* Config.entryOf(client, given)
  if (old !== undefined && !isHub(old) && !asked.force) return yield* foreign(place.file)
  const mine = isHub(old) ? old : undefined
  const entry = merged(mine, { entry: client.entry(asked.hub), trust: client.trust, trusted: asked.trust })
  const after = Buffer.from(yield* Config.put(client, given, entry))
  const folder = folderIn(target.home, client, target.scope, found.real)
  if (found.bytes?.equals(after) === true)
    return { outcome: { change: "none", file: found.real, entry }, wanted: undefined } satisfies Plan
  const origin =
    found.bytes === undefined
      ? { bytes: undefined, folders: asked.made }
      : yield* originOf(target, { ...found, bytes: found.bytes }, mine !== undefined)
  const keep = () => {
    if (found.bytes !== undefined) Keeping.keep(folder, found.bytes)
    Keeping.remember(folder, {
      file: found.real,
      after: Keeping.hashOf(after),
      origin: origin.bytes === undefined ? null : Keeping.keep(folder, origin.bytes),
      folders: origin.folders,
    })
  }
  const outcome: Outcome = {
    change: old === undefined ? "added" : "updated",
    file: found.real,
    backups: found.bytes === undefined ? undefined : folder,
    entry,
  }
  return { outcome, wanted: { bytes: after, keep } } satisfies Plan
})

interface Origin {
  readonly bytes: Buffer | undefined
  readonly folders: ReadonlyArray<string>
}

/** What an uninstall is to give back. A hub that stood there before is no part of it. */
const originOf = Effect.fnUntraced(function* (
  { client, home, place, scope }: Target,
  found: Swap.Found & { readonly bytes: Buffer },
  isRegistered: boolean,
): Effect.fn.Return<Origin, OperationFailed> {
  const folder = folderIn(home, client, scope, found.real)
  const record = Keeping.recordOf(folder)
  if (record !== undefined && record.after === Keeping.hashOf(found.bytes)) {
    const bytes = record.origin === null ? undefined : Keeping.keptBytes(folder, record.origin)
    if (record.origin === null || bytes !== undefined) return { bytes, folders: record.folders }
  }
  if (!isRegistered) return { bytes: found.bytes, folders: [] }
  const text = (yield* textOf(place.file, found.bytes)) ?? ""
  const origin = originText(folder, record)
  return {
    bytes: Buffer.from(yield* Config.take(client, { file: place.file, text }, origin)),
    folders: record?.folders ?? [],
  }
})

/** The text from before the first install, as far as it is known. */
const originText = (folder: string, record: Keeping.Record | undefined): string | undefined => {
  if (record === undefined) return undefined
  return record.origin === null ? "" : Keeping.keptBytes(folder, record.origin)?.toString("utf8")
}

const uninstalling = Effect.fnUntraced(function* (
  { client, home, place, scope }: Target,
  found: Swap.Found,
): Effect.fn.Return<Plan, OperationFailed> {
  const file = found.real
  const none: Plan = { outcome: { change: "none", file }, wanted: undefined }
  if (found.bytes === undefined) return none
  const folder = folderIn(home, client, scope, file)
  const record = Keeping.recordOf(folder)
  const isOurs = record?.after === Keeping.hashOf(found.bytes)
  const kept = isOurs && record.origin !== null ? Keeping.keptBytes(folder, record.origin) : undefined
  if (isOurs && (record.origin === null || kept !== undefined))
    return { outcome: { change: "restored", file }, wanted: { bytes: kept } }
  const text = (yield* textOf(place.file, found.bytes)) ?? ""
  const old = yield* Config.entryOf(client, { file: place.file, text })
  if (old === undefined) return none
  if (!isHub(old)) return yield* foreign(place.file)
  const left = yield* Config.take(client, { file: place.file, text }, originText(folder, record))
  const bytes = found.bytes
  return {
    outcome: { change: "removed", file, backups: folder },
    wanted: { bytes: Buffer.from(left), keep: () => void Keeping.keep(folder, bytes) },
  }
})

const foreign = (file: string) =>
  new OperationFailed({
    code: "conflict",
    message: `${file} has a server named hub already, and it starts something else. Give that one another name, or have it replaced: hub install --force`,
  })

const textOf = (
  file: string,
  bytes: Buffer | undefined,
): Effect.Effect<string | undefined, OperationFailed> =>
  bytes === undefined
    ? Effect.succeed(undefined)
    : Effect.try({
        try: () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
        catch: () =>
          new OperationFailed({ code: "invalid", message: `${file} is not UTF-8. It is left as it is.` }),
      })

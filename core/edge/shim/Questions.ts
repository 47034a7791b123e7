/** What hubs ask a client. Each hub counts from the start, so the client sees ids of our own. */
import type { Id } from "../wire/Cutter.ts"
import { isId, type Message, text } from "./Message.ts"

export class Questions {
  /** The hub's id, by the one that the client sees. */
  private readonly open = new Map<Id, Id>()
  private count = 0

  asked(message: Message): Buffer {
    const id = ++this.count
    this.open.set(id, message.id as Id)
    return Buffer.from(text({ ...message, id }))
  }

  /** What of it goes to the hub: an answer to one that is gone does not. */
  answered(message: Message, line: Buffer): Buffer | undefined {
    if (!isId(message.id)) return line
    const id = this.open.get(message.id)
    this.open.delete(message.id)
    return id === undefined ? undefined : Buffer.from(text({ ...message, id }))
  }

  /** The hub no longer wants to know. */
  cancelled(message: Message, line: Buffer): Buffer {
    const requestId = message.params?.["requestId"]
    const own = [...this.open].find(([, id]) => id === requestId)?.[0]
    if (own === undefined) return line
    this.open.delete(own)
    return Buffer.from(text({ ...message, params: { ...message.params, requestId: own } }))
  }

  /** The hub is gone: the client may close its dialogs. */
  lost(): ReadonlyArray<string> {
    const withdrawn = [...this.open.keys()].map(withdraw)
    this.open.clear()
    return withdrawn
  }
}

const withdraw = (requestId: Id): string =>
  text({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId, reason: "The hub restarted." },
  })

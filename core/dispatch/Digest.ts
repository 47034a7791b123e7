/** SHA-256 of a text, in hexadecimal digits. */
import { Effect } from "effect"

export const sha256 = (text: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (digest) => new Uint8Array(digest).toHex(),
  )

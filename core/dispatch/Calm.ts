/** News for people and clients: as they come, but no more than can be followed. */
import { Effect, Stream } from "effect"

/** Between two elements. */
const pause = "250 millis"

/** At most four elements a second. Of those that come faster the newest is kept. */
export const calm = <A, E, R>(stream: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
  stream.pipe(
    Stream.buffer({ capacity: 1, strategy: "sliding" }),
    Stream.flatMap((element) =>
      Stream.concat(Stream.make(element), Stream.fromEffectDrain(Effect.sleep(pause))),
    ),
  )

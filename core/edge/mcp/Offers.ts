/** What a server answers, by the kind of thing it is about. */
import { ProtocolError, type Server } from "@modelcontextprotocol/server"
import { Effect } from "effect"
import type { OperationFailed } from "../../plugin/Operation.ts"
import { complete } from "./Completion.ts"
import { withReplies } from "./Questions.ts"
import * as Readings from "./Readings.ts"
import { toProtocol } from "./Settle.ts"
import type { Subscriptions } from "./Subscriptions.ts"
import { talkOf } from "./Talking.ts"
import type { Run } from "./Tasks.ts"
import * as TasksLegacy from "./TasksLegacy.ts"
import * as TasksModern from "./TasksModern.ts"
import { callTool } from "./ToolCall.ts"
import { callable, type Era, toolOf } from "./Tools.ts"

type Follow = ReturnType<typeof TasksLegacy.follower>["follow"]

export const offer = (server: Server, run: Run, era: Era, follow?: Follow): void => {
  offerTools(server, run, era, follow)
  offerResources(server, run, era)
  offerPrompts(server, run, era)
  if (era === "legacy") TasksLegacy.serve(server, run)
  else TasksModern.serve(server, run)
}

const offerTools = (server: Server, run: Run, era: Era, follow: Follow | undefined): void => {
  server.setRequestHandler("tools/list", (_, context) =>
    run(context, ({ caller, catalogue }) =>
      Effect.sync(() => ({ tools: callable(catalogue, caller.scopes).map((one) => toolOf(one, era)) })),
    ),
  )
  server.setRequestHandler(
    "tools/call",
    ({ params }, context) =>
      run(context, (view) =>
        callTool(view, params, context, era, (task) => {
          if (era === "legacy") follow?.(view, task)
        }),
      ) as never,
  )
}

const offerResources = (server: Server, run: Run, era: Era): void => {
  server.setRequestHandler("resources/list", (_, context) =>
    run(context, ({ catalogue }) => Effect.sync(() => ({ resources: Readings.resourcesOf(catalogue) }))),
  )
  server.setRequestHandler("resources/templates/list", (_, context) =>
    run(context, ({ catalogue }) =>
      Effect.sync(() => ({ resourceTemplates: Readings.templatesOf(catalogue) })),
    ),
  )
  server.setRequestHandler("resources/read", ({ params: { uri } }, context) =>
    run(context, ({ caller, catalogue, declared }) =>
      Effect.flatMap(Readings.find(catalogue, uri), (found) =>
        refusing(
          withReplies(context, { about: uri, declared, era }, (ask) =>
            Readings.read(found, uri, caller, talkOf(context, found.resource.name, ask)),
          ),
        ),
      ),
    ),
  )
}

const offerPrompts = (server: Server, run: Run, era: Era): void => {
  server.setRequestHandler("prompts/list", (_, context) =>
    run(context, ({ catalogue }) => Effect.sync(() => ({ prompts: Readings.promptsOf(catalogue) }))),
  )
  server.setRequestHandler("prompts/get", ({ params }, context) =>
    run(context, ({ catalogue, declared }) =>
      Effect.gen(function* () {
        const prompt = yield* Readings.findPrompt(catalogue, params.name)
        const args = yield* Readings.decodeArguments(prompt, params.arguments)
        return yield* refusing(
          withReplies(context, { about: params.name, declared, era }, (ask) =>
            Readings.render(prompt, args, talkOf(context, params.name, ask)),
          ),
        )
      }),
    ),
  )
  server.setRequestHandler("completion/complete", ({ params }, context) =>
    run(context, ({ catalogue }) => complete(catalogue, params)),
  )
}

const refusing = <A>(effect: Effect.Effect<A, OperationFailed | ProtocolError>) =>
  Effect.mapError(effect, (failure) => (failure instanceof ProtocolError ? failure : toProtocol(failure)))

export const offerSubscriptions = (server: Server, run: Run, followed: Subscriptions): void => {
  const open = new Map<string, () => void>()
  const leave = (uri: string): void => {
    open.get(uri)?.()
    open.delete(uri)
  }
  server.setRequestHandler("resources/subscribe", ({ params: { uri } }, context) =>
    run(context, ({ caller }) =>
      Effect.map(followed.add(uri, caller), (left) => {
        leave(uri)
        open.set(uri, left)
        return {}
      }),
    ),
  )
  server.setRequestHandler("resources/unsubscribe", ({ params: { uri } }, context) =>
    run(context, () =>
      Effect.sync(() => {
        leave(uri)
        return {}
      }),
    ),
  )
}

/** The plugins that every hub has, imported one by one so that the compiler takes them along. */
import type { Plugin } from "../core/plugin/Plugin.ts"
import agentCommand from "../plugins/agent-command/index.ts"

export const builtin: ReadonlyArray<Plugin> = [agentCommand]

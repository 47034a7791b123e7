/** `hub install` on this machine, for this user. */
import { homedir } from "node:os"
import { installCommands } from "../core/edge/extras/Install.ts"
import { open } from "../core/live/Home.ts"

export const registration = (self: ReadonlyArray<string>) =>
  installCommands({ self, platform: process.platform, folder: homedir(), open: open() })

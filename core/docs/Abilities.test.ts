import { expect, test } from "bun:test"
import { type AgentRequest, type Launch, program } from "../plugin/Agent.ts"
import { type Failure, of } from "../plugin/Failure.ts"
import { abilities } from "./Abilities.ts"

const acme = (launch: (request: AgentRequest) => Launch | Failure) =>
  program({
    id: "acme",
    summary: "Acme Coder",
    supports: { resume: true, model: true, permission: ["restricted", "bypass"], hub_tools: false },
    launch,
    decoder: () => ({ feed: () => [], end: () => of("crashed", "nothing was read") }),
  })

const row = (text: string, what: string) => text.split("\n").find((line) => line.startsWith(`| ${what} |`))

test("tells what is put on the command line and into the environment, and what cannot be asked", () => {
  const text = abilities([
    acme(({ mcp, model, permission, session }) => ({
      program: "acme",
      args: [
        "run",
        ...(model === undefined ? [] : ["-m", model]),
        ...(session === undefined ? [] : ["--resume", session.id]),
        ...(mcp === undefined ? [] : ["--mcp", JSON.stringify({ servers: mcp, more: "x".repeat(80) })]),
      ],
      env: { LEVEL: permission === "bypass" ? "all" : undefined },
    })),
  ])
  expect(row(text, "`model`")).toBe("| `model` | `-m MODEL` |")
  expect(row(text, "go on with a session")).toBe("| go on with a session | `--resume SESSION` |")
  expect(row(text, "branch off a session")).toBe("| branch off a session | no |")
  expect(row(text, '`permission = "restricted"`')).toEndWith("| as it is |")
  expect(row(text, '`permission = "auto"`')).toEndWith("| no |")
  expect(row(text, '`permission = "bypass"`')).toEndWith("| `LEVEL=all` |")
  expect(row(text, "`hub_tools`")).toMatch(/\| `--mcp \{"servers":.{13}…` \|$/)
})

test("tells whose sessions stay in their folder", () => {
  const launch = ({ model, session }: AgentRequest) => ({
    program: "acme",
    args: [...(model === undefined ? [] : [model]), ...(session === undefined ? [] : [session.id])],
  })
  const { supports, ...rest } = acme(launch)
  const text = abilities([{ ...rest, supports: { ...supports, resume_in_folder: true } }])
  expect(row(text, "go on with a session")).toEndWith("| `SESSION`, in its folder |")
  expect(row(text, "`model`")).toEndWith("| `MODEL` |")
})

test("an agent that refuses what it says it can is shown as one that cannot", () => {
  const text = abilities([acme(({ model }) => (model === undefined ? plain : of("adapter_mismatch", "no")))])
  expect(row(text, "`model`")).toEndWith("| no |")
})

const plain: Launch = { program: "acme", args: [] }

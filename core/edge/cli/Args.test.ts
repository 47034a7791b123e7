import { describe as group, expect, test } from "bun:test"
import * as fc from "fast-check"
import { describe } from "../Call.ts"
import { acme, handles } from "../fixtures/handles.ts"
import { parse } from "./Args.ts"
import { fromOperation } from "./Command.ts"
import { dispatchCommand } from "./Dispatch.ts"

const commandOf = (name: string) => {
  const handle = [...handles(), ...acme()].find((one) => one.name === name)
  if (handle === undefined) throw new Error(name)
  return fromOperation(describe(handle))
}
const dispatch = dispatchCommand(commandOf("dispatch"))
const status = commandOf("acme_status")
const input = (argv: ReadonlyArray<string>, command = status) => {
  const parsed = parse(command, argv)
  expect(parsed.problems).toEqual([])
  return parsed.input
}
const problems = (argv: ReadonlyArray<string>, command = status) => parse(command, argv).problems

group("values", () => {
  test("each kind of field has its form", () => {
    expect(
      input([
        "--level",
        "high",
        "--count=3",
        "--ratio",
        "-0.5",
        "--no-deep",
        "--tag",
        "1,2",
        "--tag",
        "-3",
        "--what=a=b",
      ]),
    ).toEqual({ level: "high", count: 3, ratio: -0.5, deep: false, tag: [1, 2, -3], what: "a=b" })
    expect(input(["--deep"])).toEqual({ deep: true })
    expect(input(["--deep=false"])).toEqual({ deep: false })
    expect(input([])).toEqual({})
  })

  test("an empty value is a value", () => {
    expect(input(["--what", ""])).toEqual({ what: "" })
    expect(input(["--what="])).toEqual({ what: "" })
  })

  test("a record takes names with texts, and JSON behind a colon", () => {
    const args = [
      "--input",
      "a=1",
      "--input",
      "b:=[1,2]",
      "--input=url=http://x?y=1",
      "--input",
      "problem=none",
      "--input",
      "__proto__=x",
      "ok",
    ]
    expect(JSON.stringify(input(args, dispatch)["input"])).toBe(
      '{"a":"1","b":[1,2],"url":"http://x?y=1","problem":"none","__proto__":"x"}',
    )
    expect(problems(["--input", "nothing", "ok"], dispatch)).toEqual([
      '--input "nothing" has no name. Write --input NAME=VALUE.',
    ])
    expect(problems(["--input", "n:={", "ok"], dispatch)).toEqual(['--input n:= must be JSON, got "{".'])
    expect(problems(["--input", "n=1", "--input", "n=2", "ok"], dispatch)).toEqual([
      "--input gives n twice. Give it once.",
    ])
  })

  test("letters stand for flags, alone, joined and in a row", () => {
    expect(input(["-p", "app", "ok"], dispatch)).toEqual({ project: "app", prompt: "ok" })
    expect(input(["-papp", "ok"], dispatch)).toEqual({ project: "app", prompt: "ok" })
    expect(parse(dispatch, ["-qp=app", "ok"])).toMatchObject({
      input: { project: "app" },
      globals: { quiet: true },
    })
  })

  test("behind -- nothing is a flag", () => {
    for (const prompt of ["--help", "-", "--", "-x do it", "--json"]) {
      const parsed = parse(dispatch, ["--wait", "--", prompt])
      expect(parsed).toMatchObject({
        problems: [],
        help: false,
        input: { prompt, wait: true },
        globals: { json: false },
      })
      expect(parsed.marked.has("prompt")).toBe(true)
    }
    expect(parse(dispatch, ["-"])).toMatchObject({ input: { prompt: "-" }, marked: new Set() })
  })

  test("a prompt of 2 MB with every letter is taken as it is", () => {
    const prompt = 'a "b" $c `d` \\ \n\t= ü '.repeat(100_000)
    expect(input([prompt], dispatch)["prompt"]).toBe(prompt)
  })
})

group("what is wrong is said, all at once", () => {
  test("unknown flags, missing values, wrong values, too many arguments", () => {
    expect(problems(["--levl", "low", "--count", "--ratio", "x", "--tag", "1,b", "more"])).toEqual([
      "Unknown flag --levl. Did you mean --level?",
      "--count needs a value: --count COUNT. If --ratio is the value, write --count=--ratio.",
      'Too many arguments: "low" "more". This command takes none.',
      '--ratio must be a number, got "x".',
      '--tag must be an integer, got "b".',
    ])
  })

  test("an enum names its values and the near one", () => {
    expect(problems(["--level", "hihg"])).toEqual([
      '--level must be one of low, high, got "hihg". Did you mean high?',
    ])
    expect(problems(["--level"])).toEqual(["--level needs a value: --level low|high."])
  })

  test("a scalar is given once", () => {
    expect(problems(["--count", "1", "--count", "2"])).toEqual(["--count is given twice. Give it once."])
    expect(problems(["--prompt", "a", "b"], dispatch)).toEqual([
      "PROMPT is given twice, as --prompt and by its place. Give it once.",
    ])
  })

  test("a switch takes no value", () => {
    expect(problems(["--deep=yes"])).toEqual([
      "--deep is a switch: write --deep or --no-deep, without a value.",
    ])
    expect(problems(["--no-level"])).toEqual(["Unknown flag --no-level. Did you mean --level?"])
    expect(problems(["--elsewhere"])).toEqual([
      "Unknown flag --elsewhere. Known: --level, --count, --ratio, --deep, --tag, --what, --secret.",
    ])
  })

  test("a prompt that looks like a flag, or has no quotes, is told how to be one", () => {
    expect(problems(["-x marks the spot"], dispatch)[0]).toBe(
      '"-x marks the spot" starts with a dash, so it reads as a flag. Put -- before it.',
    )
    expect(problems(["fix", "the", "bug", "now", "please"], dispatch)).toEqual([
      'Too many arguments: "the" "bug" "now" …. If it belongs to PROMPT, put all of it in quotes.',
    ])
    expect(problems([], dispatch)).toEqual(["PROMPT is missing. What to do."])
    expect(problems(["--fix-it"], dispatch)[1]).toBe(
      "PROMPT is missing. If what starts with a dash is it, put -- before it.",
    )
  })

  test("numbers are numbers", () => {
    for (const text of ["", " ", "1.5", "1e400", "0x", "９"])
      expect(problems([`--count=${text}`])).toHaveLength(1)
  })

  test("help needs nothing else", () => {
    expect(parse(dispatch, ["--help"])).toMatchObject({ help: true, problems: [] })
  })
})

test("whatever is typed, it is either an input or a list of sentences", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "--input",
      "--wait",
      "--",
      "-",
      "-p",
      "--no-wait",
      "--fallback=a,b",
      "--input=a=1",
      "--json",
    ),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), fc.string(), (argv, prompt) => {
      const parsed = parse(dispatch, argv)
      expect(parsed.problems.every((one) => one.length > 0)).toBe(true)
      if (parsed.problems.length === 0 && !parsed.help) expect(parsed.input).toHaveProperty("prompt")
      expect(parse(dispatch, ["--", prompt])).toMatchObject({ problems: [], input: { prompt } })
    }),
  )
})

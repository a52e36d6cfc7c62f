import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { parse } from "../../../src/layers/settings/dotEnv.ts"

const good: ReadonlyArray<readonly [title: string, content: string, values: Readonly<Record<string, string>>]> = [
  ["nothing", "", {}],
  ["blank lines and comments", "\n# a comment\n   # another\n\n", {}],
  ["an assignment", "A=1", { A: "1" }],
  ["an assignment to nothing", "A=\nB=1", { A: "", B: "1" }],
  ["blanks around name and value", "  A = 1  \n\tB\t=\t2\t", { A: "1", B: "2" }],
  ["export", "export A=1", { A: "1" }],
  ["blanks inside a value", "A=a, b", { A: "a, b" }],
  ["a comment after a blank", "A=1 # one\nB= # none", { A: "1", B: "" }],
  ["a hash that is no comment", "A=p#ss\nB=#x", { A: "p#ss", B: "#x" }],
  ["an equals sign in a value", "A=b=c==", { A: "b=c==" }],
  ["quotes of every sort", "A=\"a # b\"\nB='a # b'\nC=`a # b`", { A: "a # b", B: "a # b", C: "a # b" }],
  ["a comment after quotes", "A='1' # one", { A: "1" }],
  [
    "escapes in double quotes alone",
    String.raw`A="a\nb\"c\\d\w"` + "\n" + String.raw`B='a\nb\'`,
    { A: 'a\nb"c\\d\\w', B: String.raw`a\nb\ `.trim() }
  ],
  ["a quoted value of several lines", 'A="one\ntwo"\nB=3', { A: "one\ntwo", B: "3" }],
  ["a quote inside a value", "A=it's", { A: "it's" }],
  ["the last of two", "A=1\nA=2", { A: "2" }],
  ["line ends of Windows, and a byte order mark", "\uFEFFA=1\r\nB=2\r\n", { A: "1", B: "2" }],
  ["a name of the language's own", "__proto__=1", Object.fromEntries([["__proto__", "1"]])]
]

const bad: ReadonlyArray<readonly [content: string, faults: ReadonlyArray<string>]> = [
  ["hunter2", ["line 1: expected NAME=value, for example BATCH_SIZE=100"]],
  [
    "A=1\n\nB: 2\nC=3\n=4",
    ["line 3", "line 5"].map((line) => `${line}: expected NAME=value, for example BATCH_SIZE=100`)
  ],
  ["A-B=1", ["line 1: expected NAME=value, for example BATCH_SIZE=100"]],
  ["A=1\nB='hunter2\nC=3", ["line 2: the quotes around B do not close, or something follows them"]],
  ['A="hunter"2', ["line 1: the quotes around A do not close, or something follows them"]]
]

describe("a .env file", () => {
  for (const [title, content, values] of good) {
    it(`may hold ${title}`, () => assert.deepStrictEqual(Result.getOrThrow(parse(content)), values))
  }
  for (const [content, faults] of bad) {
    it(`is refused by line and without its text: ${JSON.stringify(content)}`, () =>
      assert.deepStrictEqual(Result.getOrThrow(Result.flip(parse(content))), faults))
  }
})

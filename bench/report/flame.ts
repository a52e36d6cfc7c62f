/**
 * A flame graph of a CPU profile: `node bench/report/flame.ts <file.cpuprofile> <file.svg> [skip seconds]`. Each box is a
 * function, as wide as its part of the time at work, over the one that called it; hovering says which and how much.
 */
import { readFileSync, writeFileSync } from "node:fs"
import process from "node:process"

interface Profile {
  readonly nodes: ReadonlyArray<{
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: ReadonlyArray<number>
  }>
  readonly samples: ReadonlyArray<number>
  readonly timeDeltas: ReadonlyArray<number>
}

interface Box {
  readonly name: string
  micros: number
  readonly children: Map<string, Box>
}

const WIDTH = 1600
const ROW = 16
/** Narrower ones would not be seen. */
const LEAST = 0.5
const LEFT_OUT = new Set(["(idle)", "(root)"])

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")

/** A function by its name and where it stands: the package, or the file below `dist`. */
const nameOf = ({ functionName, lineNumber, url }: Profile["nodes"][number]["callFrame"]): string => {
  const place = /(?:node_modules|dist)\/(.*)$/.exec(url)?.[1] ?? url
  return `${functionName === "" ? "(anonymous)" : functionName}${place === "" ? "" : ` ${place}:${lineNumber + 1}`}`
}

const grow = ({ nodes, samples, timeDeltas }: Profile, skipMicros: number): Box => {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ children = [], id }) => children.map((child) => [child, id] as const)))
  const pathOf = (id: number): ReadonlyArray<string> => {
    const path: Array<string> = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const node = byId.get(at)
      if (node !== undefined && !LEFT_OUT.has(node.callFrame.functionName)) path.unshift(nameOf(node.callFrame))
    }
    return path
  }
  const paths = new Map(nodes.map(({ id }) => [id, pathOf(id)]))
  const root: Box = { name: "all", micros: 0, children: new Map() }
  let now = 0
  samples.forEach((id, index) => {
    const micros = timeDeltas[index] ?? 0
    now += micros
    const path = paths.get(id) ?? []
    if (now < skipMicros || path.length === 0) return
    root.micros += micros
    let box = root
    for (const name of path) {
      const child = box.children.get(name) ?? { name, micros: 0, children: new Map() }
      box.children.set(name, child)
      child.micros += micros
      box = child
    }
  })
  return root
}

const draw = (root: Box): string => {
  const boxes: Array<string> = []
  let depth = 0
  const put = (box: Box, x: number, level: number): void => {
    const width = (box.micros * WIDTH) / root.micros
    if (width < LEAST) return
    depth = Math.max(depth, level)
    const percent = ((box.micros * 100) / root.micros).toFixed(1)
    const hue = /^(\(garbage|\(program)/.test(box.name) ? 220 : 20 + ((box.name.length * 7) % 35)
    const text = width > 40 ? escaped(box.name.slice(0, Math.floor(width / 6.5))) : ""
    boxes.push(
      `<g><title>${escaped(box.name)} ${percent} %</title><rect x="${x.toFixed(1)}" y="${level * ROW}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="hsl(${hue} 80% 70%)"/><text x="${(x + 2).toFixed(1)}" y="${level * ROW + 11}">${text}</text></g>`
    )
    let at = x
    for (const child of [...box.children.values()].toSorted((a, b) => b.micros - a.micros)) {
      put(child, at, level + 1)
      at += (child.micros * WIDTH) / root.micros
    }
  }
  put(root, 0, 0)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${(depth + 1) * ROW}" font-family="monospace" font-size="10">${boxes.join("\n")}</svg>\n`
}

const [input = "", output = "", skip = "0"] = process.argv.slice(2)
const profile: Profile = JSON.parse(readFileSync(input, "utf8"))
writeFileSync(output, draw(grow(profile, Number(skip) * 1e6)))

/** The little SVG that the pictures need: axes, bars with whiskers, lines. */

const WIDTH = 760
const HEIGHT = 380
const LEFT = 70
const RIGHT = 20
const TOP = 40
const BOTTOM = 70
export const PLOT_WIDTH = WIDTH - LEFT - RIGHT
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM

/** Told apart by people who see few colours, too. */
export const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999", "#000000"]

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const at = (value: number): string => value.toFixed(1)

export const text = (x: number, y: number, content: string, more = ""): string =>
  `<text x="${at(x)}" y="${at(y)}" ${more}>${escaped(content)}</text>`

export const line = (x1: number, y1: number, x2: number, y2: number, stroke: string, more = ""): string =>
  `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" stroke="${stroke}" ${more}/>`

export const rectangle = (x: number, y: number, width: number, height: number, fill: string): string =>
  `<rect x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(Math.max(0, height))}" fill="${fill}"/>`

export const polyline = (points: ReadonlyArray<readonly [number, number]>, stroke: string): string =>
  `<polyline points="${points.map(([x, y]) => `${at(x)},${at(y)}`).join(" ")}" fill="none" stroke="${stroke}" stroke-width="2"/>`

export interface Scale {
  /** The place of a value in the picture. */
  readonly place: (value: number) => number
  readonly ticks: ReadonlyArray<number>
}

const LEFT_TO_RIGHT = [LEFT, LEFT + PLOT_WIDTH] as const
const UPWARDS = [TOP + PLOT_HEIGHT, TOP] as const

/** A round step, of which five or so make up the whole. */
const stepFor = (greatest: number): number => {
  const rough = Math.max(greatest, Number.MIN_VALUE) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
}

const linear = (greatest: number, [from, to]: readonly [number, number]): Scale => {
  const step = stepFor(greatest)
  const count = Math.max(1, Math.ceil(greatest / step))
  const place = (value: number) => from + ((to - from) * value) / (step * count)
  return { place, ticks: Array.from({ length: count + 1 }, (_, index) => index * step) }
}

export const upwards = (greatest: number): Scale => linear(greatest, UPWARDS)
export const rightwards = (greatest: number): Scale => linear(greatest, LEFT_TO_RIGHT)

/** By powers of ten, from 1 on. */
export const upwardsByTens = (greatest: number): Scale => {
  const tens = Math.max(1, Math.ceil(Math.log10(Math.max(greatest, 1))))
  const [from, to] = UPWARDS
  const place = (value: number) => from + ((to - from) * Math.log10(Math.max(value, 1))) / tens
  return { place, ticks: Array.from({ length: tens + 1 }, (_, index) => 10 ** index) }
}

/** The middles of so many places side by side, and how wide each is. */
export const places = (count: number) => {
  const width = PLOT_WIDTH / Math.max(1, count)
  return { width, middle: (index: number) => LEFT + width * (index + 0.5) }
}

export const BASE_LINE = TOP + PLOT_HEIGHT

const grid = ({ place, ticks }: Scale): ReadonlyArray<string> =>
  ticks.flatMap((tick) => [
    line(LEFT, place(tick), LEFT + PLOT_WIDTH, place(tick), "#ddd"),
    text(LEFT - 6, place(tick) + 4, tick.toLocaleString("en"), 'text-anchor="end"')
  ])

/** What the colours mean, in one row below the picture. */
export const legend = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const { middle, width } = places(names.length)
  return names.flatMap((name, index) => [
    rectangle(middle(index) - width / 2, HEIGHT - 24, 12, 12, COLOURS[index % COLOURS.length] ?? "#000"),
    text(middle(index) - width / 2 + 16, HEIGHT - 14, name)
  ])
}

export const picture = (title: string, vertical: Scale, marks: ReadonlyArray<string>): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11" role="img" aria-label="${escaped(title)}">`,
    rectangle(0, 0, WIDTH, HEIGHT, "#fff"),
    text(LEFT, 22, title, 'font-size="14" font-weight="bold"'),
    ...grid(vertical),
    ...marks,
    "</svg>"
  ].join("\n")

import { svgDocument, svgLine, svgText } from '../chart/svg.ts'
import type { Judged } from './judge-growth.ts'
import type { Point } from './series.ts'

const COLUMNS = 3
const CELL = { width: 260, height: 190 }
const PLOT = { left: 48, top: 34, width: 190, height: 110 }

/** A small chart for each series, both axes logarithmic, two decades at least; the dashed line is what linear growth from the first point would be. */
export function growthChart(judged: readonly Judged[]): string {
  const rows = Math.ceil(judged.length / COLUMNS)
  const parts = judged.map((one, i) => {
    const [x, y] = [(i % COLUMNS) * CELL.width, Math.floor(i / COLUMNS) * CELL.height]
    return `<g transform="translate(${x} ${y})">${cell(one)}</g>`
  })
  return svgDocument({ width: COLUMNS * CELL.width, height: rows * CELL.height }, parts)
}

function cell({ series: { name, xUnit, yUnit }, points: all }: Judged): string {
  const points = all.filter(({ y }) => !Number.isNaN(y))
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return ''
  const [lowest, highest] = [Math.min(...points.map(({ y }) => y)), Math.max(...points.map(({ y }) => y))]
  const bounds = { x: [first.x, last.x], y: [lowest / 1.5, Math.max(highest * 1.5, lowest * 100)] } as const
  const at = (point: Point): [number, number] => [
    PLOT.left + PLOT.width * share(point.x, bounds.x),
    PLOT.top + PLOT.height * (1 - share(point.y, bounds.y)),
  ]
  const { left, top, width, height } = PLOT
  const bottom = top + height
  return [
    svgText({ x: left, y: 16, text: name.replaceAll('-', ' '), kind: 'b' }),
    svgText({ x: left, y: 29, text: yUnit, kind: 's' }),
    svgLine(
      [
        [left, top],
        [left, bottom],
        [left + width, bottom],
      ],
      'axis',
    ),
    svgLine(linear(first, { bounds, at }), 'ideal'),
    svgLine(points.map(at), 'line own'),
    svgText({ x: left - 5, y: at(first)[1] + 4, text: short(first.y), kind: 's', anchor: 'end' }),
    svgText({ x: left + width, y: at(last)[1] - 6, text: short(last.y), kind: 's', anchor: 'end' }),
    svgText({ x: left, y: bottom + 15, text: short(first.x), kind: 's' }),
    svgText({ x: left + width, y: bottom + 15, text: `${short(last.x)} ${xUnit}`, kind: 's', anchor: 'end' }),
  ].join('')
}

interface Frame {
  readonly bounds: { readonly x: readonly [number, number]; readonly y: readonly [number, number] }
  at(point: Point): [number, number]
}

/** As far as it stays in the frame. */
function linear(first: Point, { bounds, at }: Frame): [number, number][] {
  const endX = Math.min(bounds.x[1], (first.x * bounds.y[1]) / first.y)
  return [at(first), at({ x: endX, y: (first.y * endX) / first.x })]
}

function share(value: number, [from, to]: readonly [number, number]): number {
  return to <= from ? 0.5 : Math.log(value / from) / Math.log(to / from)
}

function short(value: number): string {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(2)} M`
  if (value >= 1e3) return `${+(value / 1e3).toPrecision(2)} k`
  return String(+value.toPrecision(2))
}

import { svgBar, svgDocument, svgText } from './svg.ts'

export interface BarGroup {
  readonly title: string
  readonly bars: readonly Bar[]
}

export interface Bar {
  readonly name: string
  readonly value: number
  /** Beside the bar. */
  readonly label: string
  /** Whether it is ours. */
  readonly own: boolean
}

const WIDTH = 760
const LEFT = 190
const RIGHT = 150
const BAR = 16
const GAP = 4
const GROUP_HEAD = 26

/** Bars in groups; each group has its own scale, because workloads differ by a factor of a thousand. */
export function barChart(title: string, groups: readonly BarGroup[]): string {
  const parts = [svgText({ x: 10, y: 20, text: title, kind: 'b' })]
  let y = 34
  for (const { title: name, bars } of groups) {
    parts.push(svgText({ x: 10, y: y + 16, text: name }))
    y += GROUP_HEAD
    const largest = Math.max(...bars.map(({ value }) => value))
    for (const bar of bars) {
      parts.push(...drawBar(bar, { y, scale: (WIDTH - LEFT - RIGHT) / largest }))
      y += BAR + GAP
    }
    y += GAP
  }
  return svgDocument({ width: WIDTH, height: y + 6 }, parts)
}

function drawBar({ name, value, label, own }: Bar, { y, scale }: { y: number; scale: number }): string[] {
  const width = Math.max(1, value * scale)
  return [
    svgText({ x: LEFT - 8, y: y + 12, text: name, kind: own ? 's b' : 's', anchor: 'end' }),
    svgBar({ x: LEFT, y, width, height: BAR }, own ? 'own' : 'peer'),
    svgText({ x: LEFT + width + 6, y: y + 12, text: label, kind: own ? 's b' : 's' }),
  ]
}

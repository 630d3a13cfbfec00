import { type Bar, type BarGroup, barChart } from '../chart/bar-chart.ts'
import { figure } from '../text-table.ts'
import type { NetworkRow } from './network-report.ts'

/** Requests a second of each proxy, workload by workload. */
export function networkChart(rows: readonly NetworkRow[]): string {
  const titles = [...new Set(rows.map(({ title }) => title))]
  const groups = titles.map((title): BarGroup => {
    const bars = rows
      .filter((row) => row.title === title)
      .map(({ proxy, perSecond }) => {
        return { name: proxy, value: perSecond, label: `${figure(perSecond)}/s`, own: proxy === 'acme-edge' }
      })
    return { title, bars: bars.map((bar) => (bar.own ? { ...bar, label: bar.label + beside(bars) } : bar)) }
  })
  return barChart('Requests a second on one processor; each workload has its own scale', groups)
}

/** How many times as fast as the peer, where there is one alone. */
function beside(bars: readonly Bar[]): string {
  const own = bars.find((bar) => bar.own)
  const [peer, ...others] = bars.filter((bar) => !bar.own)
  return own === undefined || peer === undefined || others.length > 0 ? '' : `, ${figure(own.value / peer.value)} ×`
}

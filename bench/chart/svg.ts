/** Readable on light and on dark pages: colours follow the reader's scheme, the background is the page's. */
const style = `text{font:13px system-ui,sans-serif;fill:#1f2328}.s{font-size:11px;fill:#59636e}.b{font-weight:600}
.own{fill:#0969da;stroke:#0969da}.peer{fill:#8c959f;stroke:#8c959f}.axis{stroke:#d1d9e0;fill:none}
.line{fill:none;stroke-width:2}.ideal{fill:none;stroke:#8c959f;stroke-dasharray:3 3}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.s{fill:#9198a1}.own{fill:#4493f8;stroke:#4493f8}
.peer{fill:#656c76;stroke:#656c76}.axis{stroke:#3d444d}.ideal{stroke:#656c76}}`

export interface SvgText {
  readonly x: number
  readonly y: number
  readonly text: string
  /** Of `style`. */
  readonly kind?: string
  readonly anchor?: 'start' | 'middle' | 'end'
}

export function svgDocument(size: { width: number; height: number }, parts: readonly string[]): string {
  const { width, height } = size
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<style>${style}</style>
${parts.join('\n')}
</svg>
`
}

export function svgText({ x, y, text, kind = '', anchor = 'start' }: SvgText): string {
  const escaped = text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)
  return `<text x="${round(x)}" y="${round(y)}" class="${kind}" text-anchor="${anchor}">${escaped}</text>`
}

export function svgBar(place: { x: number; y: number; width: number; height: number }, kind: string): string {
  const { x, y, width, height } = place
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${height}" rx="2" class="${kind}"/>`
}

export function svgLine(points: readonly (readonly [number, number])[], kind: string): string {
  return `<polyline points="${points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')}" class="${kind}"/>`
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10)
}

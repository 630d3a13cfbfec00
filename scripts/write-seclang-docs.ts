import { readFileSync, writeFileSync } from 'node:fs'
import { kinds } from './seclang-peers.ts'
import { wordTable } from './seclang-table.ts'

// Puts the tables of words, from those of the program, into docs/seclang.md.
const file = new URL('../docs/seclang.md', import.meta.url)
let text = readFileSync(file, 'utf8')
for (const kind of kinds) {
  const table = new RegExp(
    `(^## ${kind}\\n(?:(?!## )[^\\n]*\\n)*?)\\| word \\|[\\s\\S]*?(?=\\n\\n|\\n*$(?![\\s\\S]))`,
    'm',
  )
  text = text.replace(table, (_, before: string) => before + wordTable(kind))
}
writeFileSync(file, text)

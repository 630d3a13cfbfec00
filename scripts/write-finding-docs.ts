import { readFileSync, writeFileSync } from 'node:fs'
import { findingTable } from './finding-table.ts'

// Puts the program's table of findings into docs/diagnose.md.
const file = new URL('../docs/diagnose.md', import.meta.url)
const text = readFileSync(file, 'utf8')
writeFileSync(
  file,
  text.replace(/^\| code \|[\s\S]*?(?=\n\n|\n*$(?![\s\S]))/m, () => findingTable()),
)

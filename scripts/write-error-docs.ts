import { readFileSync, writeFileSync } from 'node:fs'
import { errorTable } from './error-table.ts'

// Puts the program's table of error codes into docs/errors.md.
const file = new URL('../docs/errors.md', import.meta.url)
const text = readFileSync(file, 'utf8')
writeFileSync(file, text.replace(/^\| code \|[\s\S]*?(?=\n\n|\n*$(?![\s\S]))/m, errorTable()))

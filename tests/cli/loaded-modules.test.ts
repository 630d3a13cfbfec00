import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'tap'

const run = join(import.meta.dirname, '../../src/cli/run.ts')
const edge = join(import.meta.dirname, '../../src/edge/start.ts')

/** What a serving process has no use for: each would cost memory in every worker, and time at every start. */
const needless = [
  '/acme-client/',
  '/@peculiar/',
  '/@redis/',
  '/jose/',
  '/listr2/',
  '/undici/index.js',
  '/src/acme/',
  '/src/demo/',
  '/src/waf/regression/',
]

/** The files of all modules that come with one; a process of its own, since this one has loaded tap. */
function modulesOf(file: string): string[] {
  const program = `import { registerHooks } from 'node:module'
    const urls = []
    registerHooks({ load(url, context, next) { urls.push(url); return next(url, context) } })
    await import(process.argv[1])
    process.stdout.write(JSON.stringify(urls), () => process.exit())`
  const words = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', program, file]
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8', maxBuffer: 16_777_216 })) as string[]
}

test('a process that serves loads nothing that it never uses', (t) => {
  const checked = [run, edge].map((file) => ({ file, urls: modulesOf(file) }))
  for (const { file, urls } of checked) {
    t.ok(urls.length > 100, `${file}: ${urls.length} modules were seen`)
    t.ok(
      urls.some((url) => url.includes('/undici/lib/dispatcher/pool.js')),
      'with what it does need',
    )
    for (const part of needless) {
      t.same(
        urls.filter((url) => url.includes(part)),
        [],
        `${file} does without ${part}`,
      )
    }
  }
  t.equal(checked.length * needless.length, 18, 'all were looked for')
  t.end()
})

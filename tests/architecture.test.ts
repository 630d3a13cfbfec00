import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { readSources, readTexts, repository, type SourceFile, type SourceImport } from './helpers/source-imports.ts'

const sources = readSources('src')
const imports = sources.flatMap((source) => source.imports)

/** A folder of src, or a file that lies directly in it. */
const areaOf = (path: string): string => path.split('/')[1] ?? path

const leaves = ['errors.ts', 'http.ts', 'log.ts', 'version.ts', 'clearance.ts']

/** Which areas an area's code may use; leaves and its own files aside. Types may come from anywhere but `cli`. */
const mayUse: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['cli'],
  cli: [
    'acme',
    'admin',
    'challenge',
    'collections',
    'config',
    'control',
    'demo',
    'edge',
    'inspection-threads',
    'manage',
    'on-demand',
    'origin',
    'pkcs12',
    'replicas',
    'store',
    'waf',
    'workers',
  ],
  manage: ['acme', 'challenge', 'store'],
  workers: ['admin', 'challenge', 'collections', 'config', 'control', 'edge', 'on-demand', 'store'],
  'on-demand': ['acme'],
  edge: ['challenge', 'origin', 'store', 'waf'],
  acme: ['challenge', 'store'],
  control: ['challenge'],
  replicas: ['challenge', 'control', 'store'],
  challenge: ['store'],
  collections: ['store', 'waf'],
  'inspection-threads': ['waf'],
  admin: [],
  config: [],
  demo: [],
  origin: [],
  pkcs12: [],
  store: [],
  waf: [],
}

/** Packages with an owner: what only these files or folders may import. */
const owners: Readonly<Record<string, readonly string[]>> = {
  fastify: ['src/edge/', 'src/admin/'],
  undici: ['src/origin/', 'src/acme/'],
  'acme-client': ['src/acme/client.ts'],
  '@peculiar/x509': ['src/acme/'],
  '@redis/client': ['src/store/redis-connection.ts'],
  jose: ['src/acme/local-ca/'],
  asn1js: ['src/cli/pkcs12.ts', 'src/pkcs12/'],
  pkijs: ['src/cli/pkcs12.ts'],
  pino: ['src/log.ts'],
  'prom-client': ['src/admin/'],
  commander: ['src/cli/'],
  listr2: ['src/cli/'],
  yaml: ['src/config/', 'src/waf/regression/yaml-place.ts'],
  'ipaddr.js': ['src/acme/', 'src/config/', 'src/edge/', 'src/waf/'],
  tldts: ['src/acme/budget/', 'src/acme/diagnose/'],
}

const inside = (path: string, places: readonly string[]): boolean => places.some((place) => path.startsWith(place))

/** `@peculiar/x509` of itself and of its parts. */
const packageOf = (to: string): string => to.split('/', to.startsWith('@') ? 2 : 1).join('/')

const isOwn = ({ to }: SourceImport): boolean => to.startsWith('src/')

t.test('each folder uses only the folders that it may', async (t) => {
  for (const area of new Set(sources.map(({ path }) => areaOf(path)))) {
    t.ok(area in mayUse || leaves.includes(area), `${area} has a place in the table`)
  }
  const wrong = imports.filter(isOwn).filter(({ from, to, kind }) => {
    const [user, used] = [areaOf(from), areaOf(to)]
    if (user === used) return false
    if (kind === 'type') return used === 'cli'
    if (leaves.includes(user)) return true
    return !leaves.includes(used) && !mayUse[user]?.includes(used)
  })
  t.strictSame(wrong.map(describe), [])
  t.ok(imports.length > 200, `${imports.length} imports looked at`)
})

t.test('one owner a package, and no package without one', async (t) => {
  const manifest: unknown = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
  const { dependencies } = manifest as { dependencies: Record<string, string> } // our own package.json
  t.strictSame(Object.keys(dependencies).toSorted(), Object.keys(owners).toSorted())
  const foreign = imports.filter(({ to }) => !to.startsWith('src/') && !to.startsWith('node:') && to !== 'package.json')
  t.strictSame(foreign.filter(({ from, to }) => !inside(from, owners[packageOf(to)] ?? [])).map(describe), [])
  for (const name of Object.keys(owners))
    t.ok(
      foreign.some(({ to }) => to === name),
      `${name} is used`,
    )
})

t.test('the WAF sees no sockets, no log and no processes', async (t) => {
  const forbidden = /^node:(http|https|http2|tls|dgram|child_process|cluster|dns|worker_threads)|^src\/log\.ts$/
  const pureNet = new Set(['isIP', 'isIPv4', 'isIPv6', 'BlockList'])
  const wrong = imports
    .filter(({ from }) => areaOf(from) === 'waf')
    .filter(({ to, names }) => forbidden.test(to) || (to === 'node:net' && names.some((name) => !pureNet.has(name))))
  t.strictSame(wrong.map(describe), [])
})

t.test(
  'words of SecLang know neither the parser nor the evaluation, and at most the vocabulary of the compiler',
  async (t) => {
    const folders = ['operators', 'transformations', 'variables', 'bodies'].map((name) => `src/waf/${name}/`)
    const evaluation = ['src/waf/seclang/', 'src/waf/rule-set.ts', 'src/waf/transaction.ts', 'src/waf/evaluate']
    // An action compiles itself: it needs the compiler's words for "refused", "pattern", "target", not its main path.
    const mainPath = ['compile', 'assemble', 'link', 'directives'].map((name) => `src/waf/compiler/${name}`)
    const values = imports.filter(({ kind }) => kind === 'value')
    const wrong = [
      ...values.filter(({ from, to }) => inside(from, folders) && inside(to, [...evaluation, 'src/waf/compiler/'])),
      ...values.filter(
        ({ from, to }) => inside(from, ['src/waf/actions/']) && inside(to, [...evaluation, ...mainPath]),
      ),
    ]
    t.strictSame(wrong.map(describe), [])
  },
)

t.test('the parser knows the form alone', async (t) => {
  const parser = ['src/waf/seclang/']
  const wrong = imports.filter((found) => inside(found.from, parser) && isOwn(found) && !inside(found.to, parser))
  t.strictSame(wrong.map(describe), [])
})

t.test('only the inspection can clear a request for an origin', async (t) => {
  const clearing = imports.filter(({ to, kind }) => to === 'src/clearance.ts' && kind === 'value')
  t.strictSame(
    clearing.map(({ from, names }) => ({ from, names })),
    [{ from: 'src/edge/inspect-request.ts', names: ['clear'] }],
  )
})

t.test('no file needs itself by way of others', async (t) => {
  t.strictSame(findCycles(sources), [])
})

t.test('files are short, and named after what they hold', async (t) => {
  const longest = 400
  for (const { path, text } of sources) {
    const lines = text.split('\n').length - 1
    if (lines > longest) t.fail(`${path} has ${lines} lines, more than ${longest}`)
    if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(basename(path))) t.fail(`${path} is not kebab-case`)
    if (/(^|[/-])(utils?|helpers?|common|misc)([./-]|$)/.test(path)) t.fail(`${path}: a helper lives with its user`)
  }
  t.ok(sources.length > 50, `${sources.length} files`)
})

t.test('nothing unfinished, nothing of one machine', async (t) => {
  // put together here so that this file does not find itself
  const unfinished = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`)
  const machine = new RegExp(`(^|[\\s'"\`(=])/${'wo' + 'rk'}/`)
  const texts = ['src', 'tests', 'bench', 'scripts', 'docs', '.'].flatMap((folder) => readTexts(folder))
  const wrong = texts.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line, index) => ({ line, place: `${path}:${index + 1}` }))
      .filter(({ line }) => unfinished.test(line) || machine.test(line)),
  )
  t.strictSame(wrong, [])
  t.ok(texts.length > 200, `${texts.length} files`)
})

function describe({ from, to, kind }: SourceImport): string {
  return `${from} → ${to} (${kind})`
}

/** Every circle of value imports, as the path that closes it. */
function findCycles(files: readonly SourceFile[]): string[] {
  const edges = new Map(
    files.map(({ path, imports }) => [path, imports.filter(({ kind }) => kind === 'value').map(({ to }) => to)]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (done.has(path) || trail.includes(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return cycles
}

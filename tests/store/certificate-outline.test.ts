import {
  chmodSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type CertificateOutline, outlineCertificates, outlineOf } from '../../src/store/certificate-outline.ts'
import { loadCertificate } from '../../src/store/certificates.ts'
import { writeCertificate } from '../helpers/certificate.ts'

const byName = (outlines: readonly CertificateOutline[]) => new Map(outlines.map((outline) => [outline.name, outline]))

t.test('an outline says what the whole certificate says, and the same files give back the same outline', async (t) => {
  const folder = t.testdir({})
  await writeCertificate(folder, ['shop.example', '*.shop.example'])
  await writeCertificate(folder, ['other.example'])
  const outlines = (await outlineCertificates(folder)) as CertificateOutline[] // none is broken
  t.same(
    outlines.map(({ name }) => name),
    ['other.example', 'shop.example'],
  )
  for (const outline of outlines) {
    const whole = await loadCertificate(folder, outline.name)
    t.same(outline, whole && outlineOf(whole))
    t.ok(JSON.stringify(outline).length < 400, 'neither key nor chain')
  }
  await writeCertificate(folder, ['other.example'])
  const [other, shop] = await outlineCertificates(folder, byName(outlines))
  t.equal(shop, outlines[1], 'not parsed again')
  t.not(other, outlines[0])
  t.not((other as CertificateOutline).digest, outlines[0]?.digest)
})

t.test('files that do not look whole are repaired at once, or reported', async (t) => {
  const damages: Record<string, (live: string) => void> = {
    'key cut short': (live) => truncateSync(join(live, 'privkey.pem'), 100),
    'key emptied': (live) => truncateSync(join(live, 'privkey.pem'), 0),
    'key deleted': (live) => rmSync(join(live, 'privkey.pem')),
    'key readable by all': (live) => chmodSync(join(live, 'privkey.pem'), 0o644),
    'chain cut short': (live) => truncateSync(join(live, 'fullchain.pem'), 100),
    'chain garbled': (live) => writeFileSync(join(live, 'fullchain.pem'), garbled(join(live, 'fullchain.pem'))),
    'a second certificate cut short': (live) => writeFileSync(join(live, 'fullchain.pem'), halfMore(live)),
    'chain deleted': (live) => rmSync(join(live, 'fullchain.pem')),
  }
  let reported = 0
  for (const [damage, apply] of Object.entries(damages)) {
    const folder = t.testdir({})
    for (const name of ['bad.example', 'good.example']) await writeCertificate(folder, [name])
    const [before] = await outlineCertificates(folder)
    apply(realpathSync(join(folder, 'live/bad.example')))
    t.same((await outlineCertificates(folder))[0], before, `${damage}: repaired`)
    t.equal(statSync(join(folder, 'live/bad.example/privkey.pem')).mode & 0o777, 0o600, damage)
    makeByHand(folder, 'bad.example')
    apply(join(folder, 'live/bad.example'))
    const [bad, good] = await outlineCertificates(folder)
    t.match(good, { name: 'good.example', names: ['good.example'] }, damage)
    if (bad !== undefined && 'error' in bad) {
      t.equal(bad.error.code, 'ACME_EDGE_STORE_UNREADABLE', damage)
      reported++
    }
  }
  t.equal(Object.keys(damages).length, 8)
  t.equal(reported, 7, 'all but a mode that is wrong')
})

function garbled(file: string): string {
  return readFileSync(file, 'utf8').replace(/^MII/m, 'AAA')
}

function halfMore(live: string): string {
  const whole = readFileSync(join(live, 'fullchain.pem'), 'utf8')
  return whole + whole.slice(0, 120)
}

/** Makes a real folder of the link, for which there is no checksummed copy. */
function makeByHand(folder: string, name: string): void {
  const live = join(folder, 'live', name)
  const files = ['fullchain.pem', 'privkey.pem'].map((file) => [file, readFileSync(join(live, file))] as const)
  rmSync(live, { recursive: true })
  mkdirSync(live)
  for (const [file, bytes] of files) writeFileSync(join(live, file), bytes, { mode: 0o600 })
}

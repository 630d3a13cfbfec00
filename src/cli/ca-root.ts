import type { X509Certificate } from 'node:crypto'
import { Command, Option } from 'commander'
import { constraintsOf } from '../acme/local-ca/certificates.ts'
import { describeConstraints } from '../acme/local-ca/name-constraints.ts'
import { readRootCertificate } from '../acme/local-ca/open-root.ts'
import { createLog } from '../log.ts'
import { folderOption, openCaFolder } from './ca-folder.ts'
import { commonNameOf } from './ca-init.ts'
import { jsonOption } from './options.ts'

interface Flags {
  readonly folder: string
  readonly pem?: true
  readonly der?: true
  readonly json: boolean
}

/** `acme-edge ca root`: the root for trust stores, and how to get it there. */
export function caRootCommand(): Command {
  return new Command('root')
    .description('Show the root, its fingerprint, and how clients come to trust it.')
    .addOption(folderOption())
    .addOption(new Option('--pem', 'the certificate alone, PEM').conflicts(['der', 'json']))
    .addOption(new Option('--der', 'the certificate alone, DER').conflicts('json'))
    .addOption(jsonOption())
    .action(async (flags: Flags) => {
      const root = await readRootCertificate(await openCaFolder(flags.folder, createLog('warn')))
      process.stdout.write(format(root, flags))
    })
}

function format(root: X509Certificate, { folder, pem, der, json }: Flags): string | Buffer {
  if (pem) return root.toString()
  if (der) return root.raw
  return json ? `${JSON.stringify(toJson(root))}\n` : toText(root, folder)
}

function toJson(root: X509Certificate): object {
  return {
    name: commonNameOf(root),
    pem: root.toString(),
    fingerprint256: root.fingerprint256,
    notBefore: root.validFromDate.toISOString(),
    notAfter: root.validToDate.toISOString(),
    permit: constraintsOf(root),
  }
}

function toText(root: X509Certificate, folder: string): string {
  const name = commonNameOf(root)
  const lines = installation.flatMap(({ where, how }) => [
    `${where}:`,
    ...how.map((line) => `  ${line.replace('NAME', name)}`),
  ])
  return `${[
    `${name} until ${root.validToDate.toISOString().slice(0, 10)}`,
    `  vouches for  ${describeConstraints(constraintsOf(root))}`,
    `  SHA-256      ${root.fingerprint256}`,
    '',
    `acme-edge ca root --folder ${folder} --pem > acme-edge-root.crt`,
    '',
    ...lines,
  ].join('\n')}\n`
}

const installation = [
  {
    where: 'Debian, Ubuntu',
    how: ['cp acme-edge-root.crt /usr/local/share/ca-certificates/ && update-ca-certificates'],
  },
  {
    where: 'macOS',
    how: ['security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain acme-edge-root.crt'],
  },
  { where: 'Windows', how: ['certutil -addstore -f Root acme-edge-root.crt'] },
  {
    where: 'Firefox',
    how: [
      'Settings, Certificates, View Certificates, Authorities, Import; or, for all profiles of a machine,',
      'the policy Certificates.ImportEnterpriseRoots, which takes it from the system',
    ],
  },
  { where: 'Node', how: ['NODE_EXTRA_CA_CERTS=acme-edge-root.crt node app.js'] },
  { where: 'curl', how: ['curl --cacert acme-edge-root.crt https://…'] },
  { where: 'acme-edge', how: ['acme.root_ca: acme-edge-root.crt'] },
  { where: 'To take it back', how: ['remove "NAME" from the same places; on Debian, update-ca-certificates --fresh'] },
] as const

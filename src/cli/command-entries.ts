import type { Command } from 'commander'

export interface CommandEntry {
  readonly name: string
  /** The line in `acme-edge --help`. */
  readonly summary: string
  readonly load: () => Promise<Command>
}

/** Every command, in the order of the help. */
export const commandEntries: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'serve the sites of a config',
    load: async () => (await import('./run.ts')).runCommand(),
  },
  {
    name: 'issue',
    summary: 'get a certificate over HTTP-01',
    load: async () => (await import('./issue.ts')).issueCommand(),
  },
  {
    name: 'renew',
    summary: 'renew certificates that are due',
    load: async () => (await import('./renew.ts')).renewCommand(),
  },
  {
    name: 'revoke',
    summary: 'revoke a certificate',
    load: async () => (await import('./revoke.ts')).revokeCommand(),
  },
  {
    name: 'list',
    summary: 'list the certificates, their ends, and what comes next',
    load: async () => (await import('./list.ts')).listCommand(),
  },
  {
    name: 'export',
    summary: 'write key and chain of a certificate to one file',
    load: async () => (await import('./export.ts')).exportCommand(),
  },
  {
    name: 'account',
    summary: 'register, show and change the account at a CA',
    load: async () => (await import('./account.ts')).accountCommand(),
  },
  {
    name: 'show',
    summary: 'show one certificate: names, issuer, ends, fingerprint, files',
    load: async () => (await import('./show.ts')).showCommand(),
  },
  {
    name: 'import',
    summary: 'install a certificate from elsewhere: PEM files or PKCS#12',
    load: async () => (await import('./import.ts')).importCommand(),
  },
  {
    name: 'check',
    summary: 'check a config and its rule files; opens no socket',
    load: async () => (await import('./check.ts')).checkCommand(),
  },
  {
    name: 'rules',
    summary: 'list the rules that a config loads',
    load: async () => (await import('./rules.ts')).rulesCommand(),
  },
  {
    name: 'waf',
    summary: 'work on SecLang rules',
    load: async () => (await import('./waf.ts')).wafCommand(),
  },
  {
    name: 'ca',
    summary: 'a CA of your own for a development network',
    load: async () => (await import('./ca.ts')).caCommand(),
  },
  {
    name: 'demo',
    summary: 'a complete edge on this machine, with a CA and an origin of its own',
    load: async () => (await import('./demo.ts')).demoCommand(),
  },
]

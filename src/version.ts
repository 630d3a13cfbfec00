import manifest from '../package.json' with { type: 'json' }

/** acme-edge's own version, as its package says. */
export const version: string = manifest.version

import { acmeOptions, benchAcme } from './acme/acme.ts'
import { benchEngine, engineOptions } from './engine/engine.ts'
import { benchGrowth, growthOptions, growthSeries } from './growth/growth.ts'
import { benchLoad, loadOptions } from './load/load.ts'
import { benchMemory, memoryOptions } from './memory/memory.ts'
import { benchNetwork, networkOptions } from './network/network.ts'
import { proxyKinds } from './network/proxies.ts'
import { networkWorkloads } from './network/workloads.ts'
import { type Options, parseOptions, UsageError } from './options.ts'
import { engineWorkloads } from './requests/workloads.ts'
import { benchScaling, scalingOptions } from './scaling/scaling.ts'

interface Command {
  readonly options: readonly string[]
  run(options: Options): Promise<void>
}

const commands: Readonly<Record<string, Command>> = {
  network: { options: networkOptions, run: benchNetwork },
  engine: { options: engineOptions, run: benchEngine },
  load: { options: loadOptions, run: benchLoad },
  memory: { options: memoryOptions, run: benchMemory },
  growth: { options: growthOptions, run: benchGrowth },
  scaling: { options: scalingOptions, run: benchScaling },
  acme: { options: acmeOptions, run: benchAcme },
}

const help = `npm run bench                 acme-edge beside other proxies, over sockets
  --workloads ${networkWorkloads.map(({ name }) => name).join(',')}
  --proxies "${proxyKinds.map(({ name }) => name).join(',')}"   --half-load off   --chart FILE.svg
npm run bench -- engine       the engine alone, beside libmodsecurity, without a socket
  --workloads ${engineWorkloads.map(({ name }) => name).join(',')}   --values new,same   --level 1…4   --peer off   --python PROGRAM   --cpu N
npm run bench -- load         how long rules take to load, and what they weigh
npm run bench -- growth       what more rules, arguments, bytes, sites … cost
  --workloads ${growthSeries.map(({ name }) => name).join(',')}   --chart FILE.svg
npm run bench -- scaling      what a second worker brings: one and two by turns, on all processors
  --workload NAME   --level 1…4
npm run bench -- memory       resident memory over many requests, under load
  --requests N   --level 1…4   --proxy NAME
npm run bench -- acme         how long a certificate takes, beside lego at the same Pebble
  --certificates N   --nonces 0,20
All: --crs FOLDER   --rounds N   --seconds N   --seed N   --json
`

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const args = process.argv.slice(2)
const name = args[0] === undefined || args[0].startsWith('--') ? 'network' : (args.shift() ?? '')
try {
  if (args.includes('--help')) {
    process.stdout.write(help)
    process.exit(0)
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) throw new UsageError(`there is no ${name}: one of ${Object.keys(commands).join(', ')}`)
  await command.run(parseOptions(args, command.options))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}

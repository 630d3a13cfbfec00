import { writeSync } from 'node:fs'
import { watchFiles } from './crashing-files.ts'

// The program as `acme-edge` starts it, but it gets SIGKILL at its n-th change of a file: DIE_AT is "<n> before|half|after". Its last
// line on standard error says how many changes there were, for those who choose n.
const [number = '0', moment] = (process.env.DIE_AT ?? '').split(' ')
let changes = 0

const die = async (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => {}) // the signal may come a moment later: nothing goes on until then
}

watchFiles({
  read: () => undefined,
  async change(_what, all, half) {
    changes++
    if (changes !== Number(number)) return all()
    if (moment === 'half') await half?.()
    if (moment === 'after') await all()
    return die()
  },
})
process.on('exit', () => writeSync(2, `${changes} changes\n`))

await import('../../src/main.ts')

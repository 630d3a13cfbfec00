import { spawnSync } from 'node:child_process'
import t from 'tap'
import { InspectionThreads } from '../../src/inspection-threads/inspection-threads.ts'
import type { Question } from '../../src/waf/offload.ts'
import type { OperatorRecipe } from '../../src/waf/operators/operator.ts'

const recipe = (word: string, argument = ''): OperatorRecipe => {
  return { word, argument, files: [], datasets: [], isPassing: false }
}
const question = (value: string, operator: OperatorRecipe, more: Partial<Question> = {}): Question => {
  return { value, operator, steps: [], telling: 'found', limitMs: 5_000, ...more }
}
/** Neither engine of V8 is done with it in this life. */
const endless = question(`${'a'.repeat(100)}!`, recipe('rx', '^(?=a)(?:a+)+$'), { limitMs: 200 })

function open(t: Tap, count = 1): InspectionThreads {
  const threads = new InspectionThreads({ count })
  t.teardown(() => threads.close())
  return threads
}
type Tap = { teardown(close: () => Promise<void>): void }

t.test('answers with everything that a rule may ask', async (t) => {
  const threads = open(t)
  const value = 'A%42c'
  const rx = recipe('rx', '(b)c')
  const found = await threads.ask(question(value, rx, { steps: ['urlDecodeUni', 'lowercase'] }))
  t.match(found, {
    kind: 'answered',
    value: 'abc',
    answer: {
      isFound: true,
      captures: ['bc', 'b'],
      spans: [
        { offset: 1, length: 2 },
        { offset: 1, length: 1 },
      ],
    },
  })
  const missed = await threads.ask(question(value, rx))
  t.match(missed, { kind: 'answered', value: undefined, answer: { isFound: false } })
  const negated = await threads.ask(question(value, rx, { steps: ['lowercase'], telling: 'missing' }))
  t.match(negated, { kind: 'answered', value: 'a%42c', answer: { isFound: false } })
  const binary = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte))
  t.match(await threads.ask(question(binary, recipe('rx', '\\x00.*\\xff$'))), { answer: { captures: [binary] } })
})

t.test('operators come with the files and lists that they were made from', async (t) => {
  const threads = open(t)
  const fromFile = { ...recipe('pmFromFile', 'w.data'), files: [['w.data', 'needle\n']] as const }
  t.match(await threads.ask(question('a needle', fromFile)), { answer: { isFound: true, captures: ['needle'] } })
  const fromList = {
    ...recipe('ipMatchFromDataset', 'l'),
    datasets: [['l', ['192.0.2.0/24']]] as const,
    isPassing: true,
  }
  t.match(await threads.ask(question('192.0.2.7', fromList)), { answer: { isFound: true } })
})

t.test('patterns that go back and forth end in linear time', async (t) => {
  const threads = open(t)
  for (const pattern of ['[a-z]+=', '[a-z]{3,250}=', '^(?:[a-z]+)+=', '[a-z]+[a-z]+[a-z]+=']) {
    const reply = await threads.ask(question('x'.repeat(30_000), recipe('rx', pattern)))
    t.match(reply, { kind: 'answered', answer: { isFound: false } }, pattern)
  }
})

t.test('a question that takes too long ends its thread; another takes over', async (t) => {
  const threads = open(t)
  await threads.ask(question('warm', recipe('streq', 'warm')))
  const startedAt = performance.now()
  const replies = await Promise.all([threads.ask(endless), threads.ask(question('a', recipe('streq', 'a')))])
  t.match(replies, [{ kind: 'out of time' }, { kind: 'answered', answer: { isFound: true } }])
  t.ok(performance.now() - startedAt < 5_000)
})

t.test('what a thread cannot do is a failure, and the next question is answered', async (t) => {
  const threads = open(t)
  t.match(await threads.ask(question('a', recipe('rx', '('))), { kind: 'failed', reason: /@rx/ })
  t.match(await threads.ask(question('a', recipe('streq', 'a'))), { kind: 'answered' })
})

t.test('more values and operators than a thread keeps', async (t) => {
  const threads = open(t)
  const values = Array.from({ length: 9 }, (_, i) => `${i}`.repeat(1_000_000))
  for (const value of [...values, ...values]) {
    t.match(await threads.ask(question(value, recipe('beginsWith', value.slice(0, 1)))), { answer: { isFound: true } })
  }
  for (let i = 0; i < 4_200; i++) {
    const reply = await threads.ask(question('17', recipe('streq', String(i))))
    if (reply.kind !== 'answered' || reply.answer.isFound !== (i === 17)) t.fail(`question ${i}`)
  }
})

t.test('more threads work at the same time, and fewer after a change', async (t) => {
  const threads = open(t, 2)
  await Promise.all([1, 2].map(() => threads.ask(question('a', recipe('streq', 'a')))))
  const [first, second] = [threads.ask(endless), threads.ask(question('a', recipe('streq', 'a')))]
  t.equal(await Promise.race([first, second]).then(({ kind }) => kind), 'answered')
  threads.resize({ count: 1 })
  t.match(await Promise.all([first, second]), [{ kind: 'out of time' }, { kind: 'answered' }])
  t.match(await threads.ask(question('a', recipe('streq', 'a'))), { kind: 'answered' })
})

t.test('the queue has an end', async (t) => {
  const threads = open(t)
  const replies = Array.from({ length: 1_100 }, () => threads.ask(question('a', recipe('streq', 'a'))))
  const kinds = (await Promise.all(replies)).map(({ kind }) => kind)
  t.equal(kinds.filter((kind) => kind === 'answered').length, 1_025)
  t.equal(kinds.filter((kind) => kind === 'busy').length, 75)
})

t.test('closing ends everything', async (t) => {
  const threads = open(t)
  const replies = [threads.ask({ ...endless, limitMs: 60_000 }), threads.ask(question('a', recipe('streq', 'a')))]
  await threads.close()
  t.match(await Promise.all(replies), [{ kind: 'failed' }, { kind: 'failed' }])
  t.match(await threads.ask(endless), { kind: 'failed' })
})

t.test('an idle thread keeps no process alive, a question does', async (t) => {
  const program = `
    const { InspectionThreads } = await import(${JSON.stringify(import.meta.resolve('../../src/inspection-threads/inspection-threads.ts'))})
    const threads = new InspectionThreads({ count: 1 })
    const reply = await threads.ask(${JSON.stringify(question('a', recipe('streq', 'a')))})
    console.log(reply.kind)`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  t.equal(stderr, '')
  t.equal(stdout, 'answered\n')
  t.equal(status, 0)
})

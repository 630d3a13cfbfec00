import t from 'tap'
import { parseConfig } from '../../src/config/parse.ts'
import { parseRedisUrl } from '../../src/config/redis-url.ts'

const read = (text: string) => {
  const parsed = parseRedisUrl(text, '/etc/acme-edge')
  return parsed.kind === 'value' ? parsed.value : parsed.message
}

t.test('every part of a Redis URL', async (t) => {
  t.strictSame(read('redis://127.0.0.1'), {
    kind: 'redis',
    host: '127.0.0.1',
    port: 6379,
    tls: false,
    database: 0,
    username: undefined,
    password: undefined,
    passwordFile: undefined,
    ca: undefined,
    prefix: 'acme-edge:',
    folder: '/etc/acme-edge/cache',
  })
  const all = 'rediss://ed%40ge:p%3Aw%2F%C3%A9@[::1]:7000/12?prefix=blue/&cache=/var/cache/edge&ca=root.pem'
  t.strictSame(read(all), {
    kind: 'redis',
    host: '::1',
    port: 7000,
    tls: true,
    database: 12,
    username: 'ed@ge',
    password: 'p:w/é',
    passwordFile: undefined,
    ca: '/etc/acme-edge/root.pem',
    prefix: 'blue/',
    folder: '/var/cache/edge',
  })
  t.match(read('redis://redis.internal/0?password_file=secret'), { passwordFile: '/etc/acme-edge/secret' })
  t.match(read('redis://:only@host/'), { username: undefined, password: 'only', database: 0 })
})

t.test('a password in the config shows up in no message', async (t) => {
  const urls = [
    'redis://user:s3cret@host/nothing',
    'redis://user:s3cret@host:99999/0',
    'redis://:s3cret@host/0?prefix=%20',
    'redis://:s3cret%zz@host/0',
    'redis://:s3/cr@et@host/0/0',
    'redis:///s3cret@host',
    'redsi://:s3cret@host/0',
  ]
  for (const url of urls) {
    const text = `store: "${url}"\nlisten: { http: ["127.0.0.1:80"] }\n`
    let problems: unknown
    try {
      parseConfig(text, '/etc/edge.yaml')
    } catch (error) {
      problems = (error as { problems: unknown }).problems // an EdgeError
    }
    t.match(problems, [{ location: { line: 1, column: 8 } }], url)
    if (url.includes('://:') || url.includes('user:')) t.notMatch(JSON.stringify(problems), /s3cret|s3\/cr/, url)
  }
})

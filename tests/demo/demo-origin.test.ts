import { request } from 'node:http'
import t from 'tap'
import { startDemoOrigin } from '../../src/demo/demo-origin.ts'

t.test('the origin shows its page and describes every other request as JSON', async (t) => {
  const origin = await startDemoOrigin()
  t.teardown(() => origin.close())
  const base = `http://127.0.0.1:${origin.port}`
  const page = await fetch(`${base}/?q=<script>`)
  const html = await page.text()
  t.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  t.match(html, /<form/)
  t.notMatch(html, /<script>/)
  const echo = await fetch(`${base}/a?<script>`, { method: 'POST', body: 'x'.repeat(7) })
  t.equal(echo.headers.get('content-type'), 'application/json')
  t.match(await echo.json(), { from: 'demo origin', method: 'POST', target: '/a?%3Cscript%3E', bodyBytes: 7 })
  t.equal((await fetch(`${base}/a`, { method: 'POST', body: 'x'.repeat(65_537) })).status, 413)
})

t.test('closing frees the port although a client holds its connection', async (t) => {
  const origin = await startDemoOrigin()
  await new Promise<void>((resolve, reject) => {
    const held = request({ port: origin.port, headers: { connection: 'keep-alive' } }, (response) => {
      response.resume().once('end', resolve)
    })
    held.once('error', reject).end()
  })
  await origin.close()
  await t.rejects(fetch(`http://127.0.0.1:${origin.port}/`))
})

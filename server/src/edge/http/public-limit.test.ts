import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { testClock } from '../../../test/clock.ts'
import { PUBLIC_ROUTES } from '../../../test/hostile/public-routes.ts'
import { Fault } from '../../kit/fault.ts'
import { createLimiter } from '../../kit/limiter.ts'
import { limitPublic } from './public-limit.ts'

const CALLS = 10
const FLOOD = 1000

test('what probes and verifiers stand on is refused in a flood alone, and a flood of one leaves the other (I12)', async (t) => {
  const clock = testClock()
  const http = Fastify()
  t.after(() => http.close())
  http.setErrorHandler((error, _request, reply) =>
    reply.code(error instanceof Fault && error.code === 'limited' ? 429 : 500).send(),
  )
  limitPublic(http, { calls: createLimiter(clock, CALLS), floods: createLimiter(clock, FLOOD) })
  const routes = Object.entries(PUBLIC_ROUTES).filter(([, { limitedBy }]) => limitedBy === 'floods')
  const urls = routes.map(([route]) => route.replace('GET ', ''))
  for (const url of urls) http.get(url, async () => 'a text')
  const ask = async (url: string): Promise<number> => (await http.inject({ url: url.replace('*', 'x') })).statusCode
  const isProbe = (url: string): boolean => url.endsWith('z')
  const probes = urls.filter(isProbe)
  const ofVerifiers = urls.filter((url) => !isProbe(url))
  assert.ok(probes.length === 3 && ofVerifiers.length > 5, urls.join())
  for (const [flooded, others] of [
    [ofVerifiers, probes],
    [probes, ofVerifiers],
  ] as const) {
    for (let at = 0; at < FLOOD; at++) assert.equal(await ask(flooded[at % flooded.length] ?? ''), 200)
    for (const url of flooded) assert.equal(await ask(url), 429, url)
    for (const url of others) assert.equal(await ask(url), 200, url)
    clock.advance(60_000)
    for (const url of flooded) assert.equal(await ask(url), 200, url)
    clock.advance(60_000)
  }
})

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { rounds } from '../../../test/rounds.ts'
import { readConfig } from '../../src/config.ts'
import { startSentence } from '../../src/start-sentence.ts'
import { makePlace, startServer } from '../process.ts'
import { createCanaries, foundIn } from './canaries.ts'

// U3 of the trust bars: what is set may be a secret, also where it is set wrongly.

/** What is said of settings that cannot be read; undefined of those that can. */
const toldOf = (environment: Readonly<Record<string, string>>): string | undefined => {
  try {
    readConfig(environment)
    return undefined
  } catch (error) {
    return startSentence(error) ?? String(error)
  }
}

const PROCESSES = rounds({ quick: 4, full: 100 })

test('U3: a setting that is wrong is told without its value', async (t) => {
  const canaries = createCanaries()
  const secret = () => canaries.bare()
  const settings: Record<string, string>[] = [
    { REEVE_DATABASE_URL: `postgres://app:${secret()}@127.0.0.1:1/x` },
    { REEVE_DATABASE_URL: `postgres://app:${secret()}@[::1:bad/x` },
    { REEVE_DATABASE_URL: `postgres//app:${secret()}@host/x` },
    { REEVE_DATABASE_URL: `postgres://app:${secret()}@127.0.0.1:99999/x` },
    { REEVE_DATABASE_URL: `postgres://app:%zz${secret()}@127.0.0.1:1/x` },
    { REEVE_DATABASE_URL: `host=127.0.0.1 port=1 user=app password=${secret()}` },
    { REEVE_DATABASE_URL: `mysql://app:${secret()}@127.0.0.1:1/x` },
    { REEVE_KEK: secret() },
    { REEVE_KEK: canaries.known('half a key', randomBytes(16).toString('base64')) },
    { REEVE_KEK: `${canaries.known('a key and more', randomBytes(40).toString('base64'))}` },
    { REEVE_ISSUER: `https://x:${secret()}@reeve.example.com:port` },
    { REEVE_ISSUER: `https://x:${secret()}@reeve.example.com` },
    { REEVE_PORT: secret() },
    { REEVE_MTLS_PORT: secret() },
    { REEVE_MTLS_URL: `https://x:${secret()}@mtls.example.com` },
    { REEVE_LOG_LEVEL: secret() },
    { REEVE_TRUSTED_PROXIES: secret() },
    { REEVE_RATE_LIMIT: secret() },
    { REEVE_REPORT_WEBHOOK_SECRET: secret() },
    { REEVE_REPORT_WEBHOOK: 'https://hears.example/', REEVE_REPORT_WEBHOOK_SECRET: `whsec_${secret()}!` },
    { REEVE_REPORT_WEBHOOK: `https://x:${secret()}@hears.example/` },
    { REEVE_REPORT_SCHEDULE: secret() },
    { REEVE_DATA: '/dev/null/data' },
  ]
  const written: string[] = []
  let processes = 0
  for (const environment of settings) {
    const place = await makePlace('sqlite')
    assert.ok(place !== undefined)
    try {
      const told = toldOf({ ...place.environment, ...environment })
      // A process says what the reading of settings throws: that of a few, quickly, shows it.
      if (told !== undefined && processes++ >= PROCESSES) {
        written.push(`not started; it wrote:\n${told}\n`)
        continue
      }
      const server = await startServer(place, environment)
      written.push(`started with ${Object.keys(environment)}`)
      await server.stop()
    } catch (error) {
      written.push(error instanceof Error ? error.message : String(error))
    } finally {
      await place.remove()
    }
  }
  const text = written.join('\n')
  const hits = foundIn(text, canaries.made()).map(
    ({ core, shape }) => `${shape}: ${text.includes(core) ? 'as it is' : 'encoded'}`,
  )
  assert.deepEqual(hits, [])
  // What somebody at the terminal can mend is a sentence, and no stack.
  assert.deepEqual(
    written.filter((line) => !/; it wrote:\nreeve: [^\n]+\n$/.test(line)),
    [],
  )
  t.diagnostic(`U3: ${settings.length} wrong settings, 0 values told`)
})

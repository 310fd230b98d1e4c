import { readFileSync } from 'node:fs'
import { createTokenSource } from '@reeve/sdk'

/**
 * A program that gets its own tokens: `node examples/workloads/sync.ts ISSUER CLIENT KEYFILE AUDIENCE`. What it asks the resource for
 * carries a token that is renewed in time, and dropped when it is stopped.
 */
const [issuer = '', clientId = '', keyFile = '', audience = ''] = process.argv.slice(2)
const privateKey = JSON.parse(readFileSync(keyFile, 'utf8'))
const source = createTokenSource({ issuer, clientId, auth: { privateKey }, audience, allowsPlainHttp: true })
try {
  const answer = await source.fetch(new URL('orders', audience))
  process.stdout.write(`${answer.status} ${await answer.text()}\n`)
} finally {
  source.close()
}

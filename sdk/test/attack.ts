import assert from 'node:assert/strict'
import { KeyObject, sign } from 'node:crypto'
import type { TestContext } from 'node:test'
import { base64url } from 'jose'
import type { Verifier } from '../src/verifier/verifier.ts'
import { VerifyError } from '../src/verify-error.ts'
import type { FakeIssuer } from './fake-issuer.ts'
import { startIssuer } from './start.ts'

/** A part of a token. */
export const encode = (value: unknown): string =>
  base64url.encode(typeof value === 'string' ? value : JSON.stringify(value))

/** What the verifier makes of a token: the code of its refusal, or what it should never be. */
export const outcome = async (verifier: Verifier, token: string): Promise<string> => {
  const from = process.threadCpuUsage()
  const code = await verifier.verify(token).then(
    () => 'ACCEPTED',
    (error: unknown) => (error instanceof VerifyError ? error.code : `UNEXPECTED ${String(error)}`),
  )
  const { user, system } = process.threadCpuUsage(from)
  const tookMs = (user + system) / 1_000
  // Processor time of this thread, which others of a busy machine do not add to; far above what one takes, and far below
  // what a token that costs too much would take.
  return tookMs < 500 ? code : `SLOW ${code} ${tookMs} ms`
}

/** Every case has its own code, and all that have another are named together. */
export const expectAll = async (
  verifier: Verifier,
  cases: readonly (readonly [name: string, token: string, code: string])[],
) => {
  const wrong: string[] = []
  for (const [name, token, code] of cases) {
    const was = await outcome(verifier, token)
    if (was !== code) wrong.push(`${name}: ${was}, not ${code}`)
  }
  assert.deepEqual(wrong, [])
}

/** Signs exactly this text as header and payload, as a dishonest or broken holder of the key would. */
export const signRaw = (issuer: FakeIssuer, header: string, payload: string | Uint8Array): string => {
  const input = `${base64url.encode(header)}.${base64url.encode(payload)}`
  const key = { key: KeyObject.from(issuer.keys.pair('ES256').privateKey), dsaEncoding: 'ieee-p1363' } as const
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

/** A verifier with a good token, and what it takes to make bad ones of it. */
export const startAttack = async (t: TestContext) => {
  const { clock, issuer, verifier } = await startIssuer(t)
  const it = await verifier()
  const good = await issuer.issue()
  const [header = '', payload = '', signature = ''] = good.split('.')
  const headerText = new TextDecoder().decode(base64url.decode(header))
  const payloadText = new TextDecoder().decode(base64url.decode(payload))
  const nowSeconds = Math.floor(clock.nowMs() / 1000)
  const resign = (change: (claims: Record<string, unknown>) => unknown) =>
    signRaw(issuer, headerText, JSON.stringify(change(JSON.parse(payloadText))))
  const withHeader = (change: Record<string, unknown>) =>
    signRaw(issuer, JSON.stringify({ ...JSON.parse(headerText), ...change }), payloadText)
  assert.equal(await outcome(it, signRaw(issuer, headerText, payloadText)), 'ACCEPTED')
  return { issuer, it, good, header, payload, signature, headerText, payloadText, nowSeconds, resign, withHeader }
}

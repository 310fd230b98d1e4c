import { createPrivateKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { memberOf, restOf } from '../rest.ts'
import { type Asking, VendorError } from '../vendor.ts'
import type { GithubSettings } from './source.ts'

const HEADERS = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' }
const JWT_SECONDS = 540
const RENEW_MS = 5 * 60_000

/** The headers of each request: with a token as it is, or as an app with a token of its installation, which lives for an hour. */
export const githubCredential = (
  settings: GithubSettings,
  asking: Pick<Asking, 'secret' | 'reach' | 'signal' | 'now' | 'wait'>,
): (() => Promise<Readonly<Record<string, string>>>) => {
  const { app, installation, api } = settings
  if (app === undefined || installation === undefined)
    return async () => ({ ...HEADERS, authorization: `Bearer ${asking.secret}` })
  let token: { readonly text: string; readonly untilMs: number } | undefined
  return async () => {
    const nowMs = asking.now().getTime()
    if (token === undefined || token.untilMs - RENEW_MS < nowMs) {
      const jwt = await appToken(app, asking.secret, nowMs)
      const rest = restOf({ asking, base: api, headers: () => ({ ...HEADERS, authorization: `Bearer ${jwt}` }) })
      const { value } = await rest.send(
        'POST',
        `/app/installations/${installation}/access_tokens`,
        '{}',
        'application/json',
      )
      const [text, until] = [memberOf(value, 'token'), memberOf(value, 'expires_at')]
      if (typeof text !== 'string') throw new VendorError('it gave the app no token')
      token = { text, untilMs: typeof until === 'string' ? Date.parse(until) || nowMs : nowMs }
    }
    return { ...HEADERS, authorization: `Bearer ${token.text}` }
  }
}

const appToken = async (app: string, pem: string, nowMs: number): Promise<string> => {
  const issuedAt = Math.floor(nowMs / 1000) - 30
  return new SignJWT({})
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(app)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + JWT_SECONDS)
    .sign(keyOf(pem))
}

const keyOf = (pem: string): KeyObject => {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new VendorError('the secret is no private key in PEM, which an app has', undefined, cause)
  }
}

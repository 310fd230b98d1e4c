import assert from 'node:assert/strict'
import { generateKeyPairSync, verify } from 'node:crypto'
import type { Reply, VendorRequest } from './fake-vendor.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

export const READER = 'reader@acme.iam.gserviceaccount.com'

/** The key of a service account, as Google hands it out. */
export const READER_KEY = JSON.stringify({
  ...{ type: 'service_account', project_id: 'acme', private_key_id: 'k1', private_key: PEM, client_email: READER },
  // Whoever could choose where a proof is sent could have it.
  ...{ client_id: '1', token_uri: 'https://thief.example/token', universe_domain: 'googleapis.com' },
})

/** The claims of a proof that the reader's key signed, and its header. */
export const provenBy = (assertion: string) => {
  const [header = '', payload = '', signature = ''] = assertion.split('.')
  const isSigned = verify(
    'RSA-SHA256',
    Buffer.from(`${header}.${payload}`),
    publicKey,
    Buffer.from(signature, 'base64url'),
  )
  assert.ok(isSigned, 'the proof is signed by the key')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  return { header: read(header), claims: read(payload) }
}

/** What the token endpoint answers to a proof: a token that names its scope, and in whose name it asks. */
export const tokenFor = ({ body }: VendorRequest): Reply => {
  const { claims } = provenBy(new URLSearchParams(body).get('assertion') ?? '')
  return { body: JSON.stringify({ access_token: tokenOf(claims), expires_in: 3600, token_type: 'Bearer' }) }
}

export const tokenOf = ({ scope, sub }: { readonly scope: string; readonly sub?: string }): string =>
  `ya29.${Buffer.from(`${scope} ${sub ?? ''}`).toString('base64url')}`

const PAGE = 2

/** A page of two, the next one by its token; Google leaves out what is empty. */
export const pageOf = ({ url }: VendorRequest, list: string, items: readonly unknown[], more: object = {}): Reply => {
  const from = Number(url.searchParams.get('pageToken') ?? '0')
  const some = items.slice(from, from + PAGE)
  return {
    body: JSON.stringify({
      ...more,
      ...(some.length === 0 ? {} : { [list]: some }),
      ...(items.length > from + PAGE ? { nextPageToken: String(from + PAGE) } : {}),
    }),
  }
}

/** An error as the APIs of Google tell one. */
export const googleError = (code: number, reason: string): Reply => ({
  status: code,
  body: JSON.stringify({ error: { code, message: 'no', errors: [{ message: 'no', domain: 'global', reason }] } }),
})

import { createHmac } from 'node:crypto'

/** Whether a value is one that its standard or its vendor prints for everybody to see: it opens nothing. */
export const isPublishedExample = (value: string): boolean => VALUES.has(value)

/** Whether a JSON Web Token is one out of a standard or a manual, by what it says of itself. */
export const isPublishedToken = (payload: string, says: { readonly iss?: string; readonly sub?: string }): boolean =>
  PAYLOADS.has(payload) || SUBJECTS.has(says.sub ?? '') || ISSUERS.has(says.iss ?? '')

/** Whether a JSON Web Token is signed with a key out of a manual: anybody can make such a token. */
export const isSignedWithKnownKey = (token: string, alg: string): boolean => {
  const hash = HASHES.get(alg)
  if (hash === undefined) return false
  const end = token.lastIndexOf('.')
  return KEYS.some(
    (key) => createHmac(hash, key).update(token.slice(0, end)).digest('base64url') === token.slice(end + 1),
  )
}

// What is added here must be printed by whoever makes the format, in the text that is named.
const PUBLISHED: Readonly<Record<string, readonly string[]>> = {
  'RFC 6749, OAuth 2.0': [
    '2YotnFZFEjr1zCsicMWpAA',
    'tGzv3JOkF0XG5Qx2TlKWIA',
    'SplxlOBeZQQYbYS6WxSbIA',
    '7Fjfp0ZBr1KtDRbnfVdmIw',
    'gX1fBat3bV',
    'czZCaGRSa3F0MzpnWDFmQmF0M2JW',
    'czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3',
    'adijq39jdlaska9asud',
  ],
  'RFC 6750, bearer tokens': ['mF_9.B5f-4.1JqM'],
  'RFC 7009, revocation': ['45ghiukldjahdnhzdauz'],
  'RFC 7515 and 7517, JWS and JWK': [
    'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
  ],
  'RFC 7591 and 7592, registration of clients': [
    'cf136dc3c1fc93f31185e5885805d',
    'ZJYCqe3GGRvdrudKyZS0XhGv_Z45DuKhCUk0gBR1vZk',
    'this.is.an.access.token.value.ffx83',
    'reg-23410913-abewfq.123483',
  ],
  'RFC 7617, basic authentication': ['QWxhZGRpbjpvcGVuIHNlc2FtZQ==', 'dGVzdDoxMjPCow=='],
  'RFC 7636, proof keys': [
    'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  ],
  'RFC 8628, device grant': ['GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS'],
  'RFC 8693, token exchange': [
    'accVkjcJyb4BWCxGsndESCJQbdFMogUC5PbRDqceLTC',
    'cnMwODpsb25nLXNlY3VyZS1yYW5kb20tc2VjcmV0',
    'long-secure-random-secret',
  ],
  'RFC 9449, DPoP': ['Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU', 'Q..Zkm29lexi8VnWg2zPW1x-tgGad0Ibc3s3EwM_Ni4-g'],
  'OpenID Connect Core': ['SlAV32hkKG', '8xLOxBtZp8'],
  'AWS, access keys in its manuals': [
    'AKIAIOSFODNN7EXAMPLE',
    'AKIAI44QH8DHBEXAMPLE',
    'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    'je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY',
  ],
  'GitHub, formats of tokens in its manuals': ['ghp', 'gho', 'ghu', 'ghs'].map(
    (prefix) => `${prefix}_16C7e42F292c6912E7710c838347Ae178B4a`,
  ),
  'Stripe, keys that its manuals share among all readers': [
    'sk_test_4eC39HqLyjWDarjtT1zdp7dc',
    'sk_test_BQokikJOvBiI2HlWgH4olfQ2',
    'sk_test_tR3PYbcVNZZ796tH88S4VQ2u',
  ],
}
const VALUES = new Set(Object.values(PUBLISHED).flat())

// PyJWT's manual: {"some":"payload"}
const PAYLOADS = new Set(['eyJzb21lIjoicGF5bG9hZCJ9'])
// jwt.io's token, in every tutorial; OpenID Connect Core
const SUBJECTS = new Set(['1234567890', '24400320'])
const ISSUERS = new Set([
  'joe', // RFC 7515 and 7519
  'https://jwt-idp.example.com', // RFC 7523
  'https://as.example.com', // RFC 8693
  'https://authorization-server.example.com/', // RFC 9068
  'https://server.example.com', // OpenID Connect Core, RFC 9449
])

const HASHES = new Map([
  ['HS256', 'sha256'],
  ['HS384', 'sha384'],
  ['HS512', 'sha512'],
])
const KEYS = [
  'secret',
  'key',
  'your-256-bit-secret',
  'your-384-bit-secret',
  'your-512-bit-secret',
  'a-string-secret-at-least-256-bits-long',
  'a-valid-string-secret-that-is-at-least-384-bits-long',
  'a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long',
  'shhhhh',
  'changeme',
  'password',
]

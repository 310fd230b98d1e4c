import type { Detector, Found } from '../detector.ts'
import { isPublishedToken, isSignedWithKnownKey } from '../published-examples.ts'

/** JSON Web Tokens: what they say of themselves is read, not checked, to tell a live one from a sample. */
export const webTokenDetectors: readonly Detector[] = [
  {
    id: 'json-web-token',
    title: 'JSON Web Token',
    provider: 'jwt',
    kind: 'service',
    type: 'access-token',
    severity: 'medium',
    keywords: ['eyj'],
    find: findJwt,
    refine: judgeSignature,
    reaches: 'what the audience of the token lets its subject do',
  },
]

const FORM = /eyJ[\w-]{8,1000}\.eyJ[\w-]{4,6000}\.[\w-]{16,1400}/y

function findJwt(text: string, at: number): Found | undefined {
  if (at > 0 && /[\w.-]/.test(text[at - 1] ?? '')) return undefined
  FORM.lastIndex = at
  const match = FORM.exec(text)
  if (!match) return undefined
  const [header = '', payload = ''] = match[0].split('.')
  const says = { ...readPart(header), ...readPart(payload) }
  if (!says.alg || isPublishedToken(payload, says)) return undefined
  return {
    start: at,
    end: at + match[0].length,
    secret: match[0],
    confidence: 'high',
    account: {
      name: `JSON Web Token of ${says.sub || 'an unnamed subject'}`,
      stableKey: says.iss && says.sub ? `jwt:${says.iss}#${says.sub}` : '',
      reaches: says.aud ? `the audience ${says.aud}` : 'any audience: the token names none',
      traits: [
        { trait: 'token-expiry', detail: says.exp ?? '' },
        ...(says.aud ? [] : [{ trait: 'no-audience', detail: '' }]),
      ],
    },
  }
}

// How long such a token lives, and for whom it is, is nothing against that.
function judgeSignature(found: Found): Found {
  const { alg = '' } = readPart(found.secret.split('.')[0] ?? '')
  if (!found.account || !isSignedWithKnownKey(found.secret, alg)) return found
  const reaches = 'only what takes tokens that anybody can sign, with a key out of a manual'
  return { ...found, severity: 'low', confidence: 'low', account: { ...found.account, reaches, traits: [] } }
}

// Only what is read below, so that a claim cannot be called `__proto__`.
const CLAIMS = ['alg', 'sub', 'iss', 'aud', 'exp'] as const

const readPart = (part: string): Partial<Record<(typeof CLAIMS)[number], string>> => {
  try {
    const read: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    if (typeof read !== 'object' || read === null) return {}
    const said = new Map(Object.entries(read))
    return Object.fromEntries(
      CLAIMS.flatMap((claim) => {
        const value: unknown = said.get(claim)
        return typeof value === 'string' || typeof value === 'number' ? [[claim, String(value).slice(0, 200)]] : []
      }),
    )
  } catch {
    return {}
  }
}

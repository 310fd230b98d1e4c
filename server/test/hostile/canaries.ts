import { randomBytes } from 'node:crypto'

/** A secret made for this run, as it is written somewhere, and the part of it that nobody else would write. */
export interface Canary {
  readonly shape: string
  readonly text: string
  readonly core: string
}

const letters = (bytes: number): string => randomBytes(bytes).toString('base64url').replaceAll(/[-_]/g, 'x')
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** How secrets look that people paste where they do not belong. Each makes a text around a core. */
export const SHAPES: Readonly<Record<string, (core: string) => string>> = {
  'a session': (core) => `reeve_ps_${core.padEnd(49, 'a')}`,
  'an enrolment code': (core) => `reeve_ec_${core.padEnd(49, 'a')}`,
  'a client secret': (core) => `reeve_cs_prod_${core.padEnd(49, 'a')}`,
  'an API key': (core) => `reeve_ak_prod_${core.padEnd(49, 'a')}`,
  'a JWT': (core) => `${encode({ alg: 'ES256', typ: 'at+jwt' })}.${encode({ sub: 'x' })}${core}.${core}`,
  'a private JWK': (core) => `{"kty":"EC","crv":"P-256","d":"${core.padEnd(43, 'a')}"}`,
  'a PEM key': (core) => `-----BEGIN PRIVATE KEY-----\nMIGH${core}\n-----END PRIVATE KEY-----`,
  'a PEM key in one line': (core) => `-----BEGIN EC PRIVATE KEY-----${core}-----END EC PRIVATE KEY-----`,
  'a connection string': (core) => `postgres://app:${core}@db.internal:5432/orders`,
  'a URL with a password': (core) => `https://deploy:${core}@git.example.com/orders.git`,
  'an assigned password': (core) => `password=${core}1`,
  'a GitHub token': (core) => `ghp_${core.padEnd(36, 'a')}`,
  'a Slack token': (core) => `xoxb-1234567890-${core}`,
  'a Stripe key': (core) => `sk_live_${core}`,
  'an Anthropic key': (core) => `sk-ant-api03-${core}`,
  'a Google key': (core) => `AIza${core.padEnd(35, 'a').slice(0, 35)}`,
  'a GitLab token': (core) => `glpat-${core}`,
  'an npm token': (core) => `npm_${core.padEnd(36, 'a').slice(0, 36)}`,
  'a Vault token': (core) => `hvs.${core}`,
}

/** Makes secrets and remembers all of them. */
export const createCanaries = () => {
  const made: Canary[] = []
  const shapes = Object.entries(SHAPES)
  const keep = (canary: Canary): string => {
    made.push(canary)
    return canary.text
  }
  return {
    made: (): readonly Canary[] => made,
    /** One more, of the next shape. */
    shaped: (): string => {
      const core = letters(18)
      const [shape, write] = shapes[made.length % shapes.length] ?? ['', (text: string) => text]
      return keep({ shape, text: write(core), core })
    },
    /** A password that looks like nothing: only where no text is kept. */
    bare: (): string => {
      const core = `Zq7${letters(15)}`
      return keep({ shape: 'a password', text: core, core })
    },
    /** Something that was handed out as a secret. */
    known: (shape: string, text: string): string => keep({ shape, text, core: text }),
  }
}

/** Which of them stand in a text, as they are or in the encodings that a careless log would have. */
export const foundIn = (text: string, canaries: readonly Canary[]): readonly Canary[] => {
  // Thousands are sought in megabytes: the text is gone through once, for how each of them begins.
  const byStart = new Map<string, (readonly [string, Canary])[]>()
  for (const canary of canaries)
    for (const spelling of spellings(canary.core)) {
      if (spelling.length < START) throw new Error(`${canary.shape} is too short to be sought`)
      const start = spelling.slice(0, START)
      const begun = byStart.get(start)
      if (begun === undefined) byStart.set(start, [[spelling, canary]])
      else begun.push([spelling, canary])
    }
  const found = new Set<Canary>()
  for (let at = 0; at < text.length; at++)
    for (const [spelling, canary] of byStart.get(text.slice(at, at + START)) ?? [])
      if (text.startsWith(spelling, at)) found.add(canary)
  return canaries.filter((canary) => found.has(canary))
}

// Long enough that hardly anything else begins alike, and no longer than the shortest spelling.
const START = 8

const spellings = (core: string): readonly string[] => [
  core,
  encodeURIComponent(core),
  Buffer.from(core).toString('hex'),
  // In Base64 the ends depend on what is around.
  ...[0, 1, 2].map((shift) =>
    Buffer.from(' '.repeat(shift) + core)
      .toString('base64')
      .slice(shift + 1, -4),
  ),
]

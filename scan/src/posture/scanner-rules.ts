import { perTrait, type Rule } from './rule.ts'

/** What another scanner found wrong, as far as it is about credentials. */
export const scannerRules: readonly Rule[] = [
  {
    id: 'scanner/secret',
    owasp: 'NHI2',
    severity: 'high',
    confidence: 'medium',
    title: 'a secret that another scanner found',
    why: 'whoever reads the place that it names, or a copy or an old version of it, has the secret',
    fix: 'revoke it at its provider first, then take it out of the file and its history',
    judge: perTrait('scanner:secret', ({ detail }, { stableKey }) => ({ key: `${stableKey} ${detail}` })),
  },
]

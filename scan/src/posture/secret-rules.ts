import type { Severity } from '../report.ts'
import { detectors } from '../sources/secrets/detect.ts'
import type { Detector } from '../sources/secrets/detector.ts'
import { perTrait, type Rule } from './rule.ts'

const LOWERED: Readonly<Record<Severity, Severity>> = { critical: 'medium', high: 'medium', medium: 'low', low: 'low' }

const REVOKE = 'revoke it at its provider first, then take it out of the file and its history'

const FIXES: Readonly<Record<Detector['type'], string>> = {
  'api-key': `${REVOKE}; hand the program a short-lived token, or have the key injected when it starts`,
  'client-secret': `${REVOKE}; let the client prove itself with private_key_jwt or federation`,
  password: 'change it, take it out of the file and its history; let the program lease an account instead',
  'private-key':
    'replace the key pair everywhere it is trusted, then delete it here; keep keys where they cannot be read',
  'personal-token': `${REVOKE}; a program needs an identity of its own, not a person's`,
  'access-token': `${REVOKE}; let the program ask for tokens as it needs them`,
  'webhook-secret': 'make a new one at its provider and keep it out of files',
  'signing-secret': 'replace it, which ends what was signed with it, and keep it out of files',
}

/** A rule for each detector: a secret that lies in a file is leaked to whoever can read the file. */
export const secretRules: readonly Rule[] = detectors.map((detector) => ({
  id: `secrets/${detector.id}`,
  owasp: 'NHI2',
  severity: detector.severity,
  confidence: 'high',
  title: `${detector.title} in a file`,
  why: `whoever reads this file, or any copy or old version of it, reaches ${detector.reaches}`,
  fix: FIXES[detector.type],
  judge: (estate) =>
    perTrait(`secret:${detector.id}`, (trait, sighting) => {
      const expiry = sighting.traits.find((other) => other.trait === 'token-expiry')?.detail
      const isOver = expiry !== undefined && expiry !== '' && Number(expiry) * 1000 <= estate.now.getTime()
      if (isOver) return { severity: 'low', evidence: [trait.detail, 'it has expired'] }
      // What may well be a sample must not stand among what surely is none.
      return trait.confidence === 'low' ? { severity: LOWERED[trait.severity ?? detector.severity] } : {}
    })(estate),
}))

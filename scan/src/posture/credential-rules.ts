import { perTrait, type Rule } from './rule.ts'

/** What can be wrong with the credentials of machines, whatever export or code tells of them. */
export const credentialRules: readonly Rule[] = [
  {
    id: 'credential/made-by-code',
    owasp: 'NHI7',
    severity: 'high',
    confidence: 'high',
    title: 'infrastructure code makes a key that never ends',
    why: 'it works for whoever copied it, from anywhere, and nothing in the code will ever replace it',
    fix: 'let the program become a role (instance profile, OIDC federation), and take the key out of the code',
    judge: perTrait('credential:made-by-code'),
  },
]

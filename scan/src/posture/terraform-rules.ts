import { perTrait, type Rule } from './rule.ts'

const DAY_MS = 86_400_000

/** What can be wrong with identities that Terraform made, and with the state that it keeps of them. */
export const terraformRules: readonly Rule[] = [
  {
    id: 'terraform/secret-in-state',
    owasp: 'NHI2',
    severity: 'high',
    confidence: 'high',
    title: 'a secret in the state of Terraform',
    why: 'the state holds it in the clear: whoever reads the file, its backend or a copy of either has it',
    fix: 'replace it; then keep it out by an ephemeral resource or a write-only attribute, or let the provider make and keep it; encrypt the backend and let only the pipeline read it',
    judge: perTrait('terraform:secret-in-state'),
  },
  {
    id: 'terraform/secret-in-code',
    owasp: 'NHI2',
    severity: 'high',
    confidence: 'high',
    title: 'a secret in the code of Terraform',
    why: 'whoever may read the repository, or a copy of it, has it, and its history keeps it',
    fix: 'replace it; then read it from a secret manager by an ephemeral resource, or hand it in as an ephemeral variable',
    judge: perTrait('terraform:secret-in-code'),
  },
  {
    id: 'terraform/static-key',
    owasp: 'NHI7',
    severity: 'high',
    confidence: 'high',
    title: 'a key of a service account or a user that never ends',
    why: 'it works for whoever copied it, from anywhere, and the state has a copy',
    fix: 'let the program federate (workload identity, OIDC) or become a role, and take the key away',
    judge: perTrait('terraform:static-key'),
  },
  {
    id: 'terraform/broad-role',
    owasp: 'NHI5',
    severity: 'high',
    confidence: 'high',
    title: 'a machine that owns or edits a whole project or subscription',
    why: 'whoever breaks into it may change everything there, in most cases its own rights too',
    fix: 'give it the roles of what it does, on the resources that it does it to',
    judge: perTrait('terraform:broad-role', ({ detail }, { stableKey }) => ({ key: `${stableKey} ${detail}` })),
  },
  {
    id: 'terraform/public-role',
    owasp: 'NHI4',
    severity: 'high',
    confidence: 'medium',
    title: 'a role that everybody on the internet has',
    why: 'allUsers asks for no sign-in; allAuthenticatedUsers asks for any account of anybody',
    fix: 'name who needs it, if it was not meant to be public',
    judge: perTrait('terraform:public-role', ({ detail }, { stableKey }) => ({ key: `${stableKey} ${detail}` })),
  },
  {
    id: 'terraform/pool-without-condition',
    owasp: 'NHI6',
    severity: 'high',
    confidence: 'medium',
    title: 'a federation provider that takes every token of its issuer',
    why: 'of a public issuer everybody can have one; all that is left are the conditions of each binding',
    fix: 'set attribute_condition to your own organisation or repository',
    judge: perTrait('terraform:pool-open'),
  },
  {
    id: 'terraform/token-without-end',
    owasp: 'NHI7',
    severity: 'medium',
    confidence: 'high',
    title: 'a token or password that Terraform made, without an end within a year',
    why: 'nobody will have to think of it again, and a copy of it works for as long',
    fix: 'set an end of 90 days at most and let the pipeline make the next one, or federate',
    judge: (estate) =>
      perTrait('terraform:token-end', ({ detail }, { stableKey }) => {
        const daysLeft = (Date.parse(detail) - estate.now.getTime()) / DAY_MS
        if (detail !== 'never' && !(daysLeft > 366)) return undefined
        return { key: stableKey, evidence: [detail === 'never' ? 'it never ends' : `it ends on ${detail}`] }
      })(estate),
  },
]

import { perTrait, type Rule } from './rule.ts'

const keyed = (trait: string) => perTrait(trait, ({ detail }, { stableKey }) => ({ key: `${stableKey} ${detail}` }))

/** What can be wrong with accounts that machines have in other systems, whatever export or code tells of them. */
export const accountRules: readonly Rule[] = [
  {
    id: 'account/public',
    owasp: 'NHI4',
    severity: 'high',
    confidence: 'high',
    title: 'everybody on the internet may use it',
    why: 'no sign-in stands before it: whoever finds it acts with its rights',
    fix: 'name who may use it; for a public service, let nothing behind it do more than strangers may',
    judge: keyed('account:public'),
  },
]

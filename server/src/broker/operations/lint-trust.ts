import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { isRefused, lintTrust as lint } from '../domain/trust-lint.ts'
import { operation } from '../room.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { readTerms, TermsInput, TrustLintView, TrustView, viewLints, viewTrust } from './trust-view.ts'

/** Says what is wrong with a trust before it is added. A write, so that its claims travel in a body; it changes nothing. */
export const lintTrust = operation.write({
  name: 'broker.trust.lint',
  summary: 'say what is wrong with a federation trust, without adding it',
  input: z.strictObject({
    /** The identity that it would be for; whoever may look at that one may ask. */
    identity: z.string().min(1).max(200).optional(),
    ...TermsInput,
  }),
  output: z.object({
    /** Whether it would be added. */
    isAcceptable: z.boolean(),
    trust: TrustView,
    lints: z.array(TrustLintView),
  }),
  faults: ['identity_not_found'],
  on: async ({ input, ports, tx }) =>
    input.identity === undefined ? DEPLOYMENT : aboutIdentity(await needIdentity(ports, tx, input.identity)),
  run: async ({ input, ports }) => {
    const terms = readTerms(input, ports.issuer())
    const lints = lint(terms, ports.issuer())
    return { output: { isAcceptable: !lints.some(isRefused), trust: viewTrust(terms), lints: viewLints(lints) } }
  },
})

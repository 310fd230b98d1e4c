import type { Evaluated } from '../../policy/index.ts'

/** A decision as AuthZEN writes it: with its id, why it was refused, and what the enforcing side has to do. */
export const decisionText = (evaluated: Evaluated): string => {
  if (evaluated.decided === undefined)
    return JSON.stringify({ decision: false, context: { error: { status: 400, message: evaluated.why } } })
  const { answered, id } = evaluated.decided
  const { obligations, reasonsAdmin, reasonsUser } = evaluated.told
  // Ids have no character that JSON escapes.
  if (answered.isAllowed && answered.isEnforced && obligations.length === 0)
    return `{"decision":true,"context":{"id":"${id}"}}`
  if (answered.isEnforced && obligations.length === 0)
    return `{"decision":false,"context":{"id":"${id}","reason_admin":{"403":${JSON.stringify(said(reasonsAdmin) ?? adminReason(answered))}},"reason_user":{"403":${reasonsUser.length === 0 ? `"${userReason(id)}"` : JSON.stringify(said(reasonsUser))}}}}`
  const acrValues = obligations.flatMap((one) => one.acr_values ?? [])
  const amrValues = obligations.flatMap((one) => one.amr_values ?? [])
  const context = {
    id,
    ...(answered.isAllowed
      ? {}
      : {
          reason_admin: { 403: said(reasonsAdmin) ?? adminReason(answered) },
          reason_user: { 403: said(reasonsUser) ?? userReason(id) },
        }),
    ...(answered.isEnforced ? {} : { report_only: true }),
    ...(obligations.length === 0 ? {} : { obligations }),
    ...(acrValues.length === 0 ? {} : { acr_values: acrValues.join(' ') }),
    ...(amrValues.length === 0 ? {} : { amr_values: amrValues.join(' ') }),
  }
  return JSON.stringify({ decision: answered.isAllowed, context })
}

const said = (reasons: readonly string[]): string | undefined => (reasons.length > 0 ? reasons.join('; ') : undefined)

const userReason = (id: string): string => `not permitted; quote ${id}`

const adminReason = ({ policies, missing }: { policies: readonly string[]; missing: readonly string[] }): string => {
  const said = policies.length === 0 ? 'no policy permits it' : `refused by ${policies.join(', ')}`
  return missing.length === 0 ? said : `${said}; not known: ${missing.join(', ')}`
}

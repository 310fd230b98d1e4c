import { grantOfPolicy } from '../memory/grant-sources.ts'
import type { PlanWork } from './plan-work.ts'

/** The file and line where a policy or a grant stands in the directory, or stood in what is in force. */
export const policyPlace = ({ plan, sides }: PlanWork, policyId: string): string | null => {
  const source = sides.planned.trial().get(policyId) ?? sides.live.trial().get(policyId)
  const { file, line } = source?.origin ?? {}
  if (file !== undefined) return line === undefined ? file : `${file}:${line}`
  const id = grantOfPolicy(policyId)
  return plan.objects.find((object) => object.id === id)?.place ?? null
}

import type { PolicyEst } from '@reeve/cedar'
import { callOfficial } from './official.ts'

/** One policy in the official JSON form, with its conditions; undefined when it cannot be read. */
export const readSource = (text: string): PolicyEst | undefined => {
  const called = callOfficial((cedar) => cedar.policyToJson(text))
  return called.ok && called.result.type === 'success' ? called.result.json : undefined
}

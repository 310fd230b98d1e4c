import type { PolicyEst } from '@reeve/cedar'
import { parsePolicy } from './policy-parser.ts'

/** One policy in the official JSON form, with its conditions and exact numbers; undefined when it cannot be read. */
export const readSource = (text: string): PolicyEst | undefined => {
  const parsed = parsePolicy(text)
  return parsed !== undefined && 'est' in parsed ? parsed.est : undefined
}

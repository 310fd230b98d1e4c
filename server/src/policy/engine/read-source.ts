import type { PolicyEst } from '@reeve/cedar'
import { type PolicyParser, parsePolicy } from './policy-parser.ts'

/** One policy in the official JSON form, with its conditions and exact numbers; undefined when it cannot be read. */
export const readSource = (text: string, parse: PolicyParser = parsePolicy): PolicyEst | undefined => {
  const parsed = parse(text)
  return parsed !== undefined && 'est' in parsed ? parsed.est : undefined
}

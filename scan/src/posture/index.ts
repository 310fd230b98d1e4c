/** What is wrong with identities, of whatever was seen: the rules alone, without what reads files. */

export { findingFingerprint } from '../fingerprint.ts'
export * from '../report.ts'
export { judge, rules } from './judge.ts'
export { type Meaning, meaningsOf } from './meaning.ts'
export { type Risk, type RiskFactor, riskOf } from './risk.ts'
export { RISK_NAMES, RISK_POINTS } from './risk-factors.ts'
export type { Rule as PostureRule } from './rule.ts'
export { SHARING_RULES } from './sharing.ts'

import { findingFingerprint } from '../fingerprint.ts'
import { CONFIDENCES, type Finding, SEVERITIES } from '../report.ts'
import { accountRules } from './account-rules.ts'
import { acrossRules } from './across-rules.ts'
import { awsRules } from './aws-rules.ts'
import { awsTrustRules } from './aws-trust-rules.ts'
import { ciRules } from './ci-rules.ts'
import { credentialRules } from './credential-rules.ts'
import { federationRules } from './federation-rules.ts'
import { identityRules } from './identity-rules.ts'
import { kubernetesRules } from './kubernetes-rules.ts'
import { mcpRules } from './mcp-rules.ts'
import type { Estate, Judged, Rule } from './rule.ts'
import { scannerRules } from './scanner-rules.ts'
import { secretRules } from './secret-rules.ts'
import { settingsRules } from './settings-rules.ts'
import { terraformRules } from './terraform-rules.ts'

/** Every posture rule. */
export const rules: readonly Rule[] = [
  ...secretRules,
  ...ciRules,
  ...settingsRules,
  ...kubernetesRules,
  ...mcpRules,
  ...awsRules,
  ...awsTrustRules,
  ...terraformRules,
  ...accountRules,
  ...credentialRules,
  ...federationRules,
  ...scannerRules,
  ...acrossRules,
  ...identityRules,
]

/** Judges an estate by every rule but those switched off; the worst finding comes first. */
export const judge = (estate: Estate, rulesOff: ReadonlySet<string> = new Set()): Finding[] => {
  const judged = rules
    .filter(({ id }) => !rulesOff.has(id))
    .flatMap((rule) => rule.judge(estate).map((one) => ({ rule, one })))
  const counts = new Map<string, number>()
  return withoutDoubles(judged)
    .map(({ rule, one }) => findingOf(rule, one, counts))
    .sort(worstFirst)
}

const findingOf = (rule: Rule, one: Judged, counts: Map<string, number>): Finding => {
  const parts = [rule.id, one.where.repository, one.where.inRepository, one.key]
  const same = JSON.stringify(parts)
  const ordinal = counts.get(same) ?? 0
  counts.set(same, ordinal + 1)
  return {
    rule: rule.id,
    severity: one.severity ?? rule.severity,
    confidence: one.confidence ?? rule.confidence,
    owasp: rule.owasp,
    title: rule.title,
    why: rule.why,
    fix: rule.fix,
    where: one.where,
    evidence: one.evidence,
    fingerprint: findingFingerprint([...parts, String(ordinal)]),
    sighting: one.sighting.stableKey,
  }
}

// One secret on one line is one finding: the provider's rule knows most of it, then the program that is started with
// it, then the bare name.
const withoutDoubles = (judged: readonly { rule: Rule; one: Judged }[]): { rule: Rule; one: Judged }[] => {
  const best = new Map<string, number>()
  for (const { rule, one } of judged) {
    const place = placeOf(one)
    const rank = leakRank(rule)
    if (place && rank !== undefined) best.set(place, Math.min(rank, best.get(place) ?? rank))
  }
  return judged.filter(({ rule, one }) => {
    const place = placeOf(one)
    const rank = leakRank(rule)
    return place === undefined || rank === undefined || best.get(place) === rank
  })
}

const placeOf = ({ where, credential }: Judged): string | undefined =>
  credential && `${where.path}:${where.line} ${credential.fingerprint}`

const leakRank = ({ id }: Rule): number | undefined => {
  if (id === 'secrets/assigned-secret' || id === 'scanner/secret') return 2
  if (id === 'settings/plain-secret' || id === 'terraform/secret-in-state' || id === 'terraform/secret-in-code')
    return 1
  return id.startsWith('secrets/') ? 0 : undefined
}

const worstFirst = (a: Finding, b: Finding): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
  CONFIDENCES.indexOf(a.confidence) - CONFIDENCES.indexOf(b.confidence) ||
  compare(a.rule, b.rule) ||
  compare(a.where.path, b.where.path) ||
  a.where.line - b.where.line ||
  compare(a.fingerprint, b.fingerprint)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

import { safeText } from './safe-text.ts'

/** What a quarantine would break, from the answer of its dry run: one line for each thing that is known. */
export const showImpact = (answer: unknown): string => {
  const impact = recordOf(recordOf(answer).impact)
  const lines = [
    ...list(impact.credentials).map(
      (one) => `credential ${one.id} (${one.kind}), last used ${one.lastUsedAt ?? 'never'}`,
    ),
    ...more(impact),
    ...list(impact.grants).map((one) => `access to ${one.resource}: ${String(one.actions)}`),
    ...list(impact.recentUse).map(
      (one) => `seen ${one.at} at ${one.resource}${one.action === null ? '' : `: ${one.action}`}`,
    ),
    ...list(impact.dependants).map((one) => `${one.name}, which names it as its ${one.because}`),
    ...list(impact.children).map((one) => `${one.name}, which it created`),
    ...list(impact.identities).map((one) => `identity ${one.name}`),
  ]
  return (lines.length === 0 ? ['nothing that is known of'] : lines).map((line) => `  ${safeText(line)}\n`).join('')
}

/** What a quarantine, a release or a revocation did: `done` says it where the answer has no states. */
export const showStop = (answer: unknown, what: string, done: string): string => {
  const { before, after, stoppedAt, seq, unconfirmed, along } = recordOf(answer)
  const at = typeof stoppedAt === 'string' ? `at ${stoppedAt}, ` : ''
  const lines = [
    before === undefined ? `${what}: ${done}` : `${what}: ${before} → ${after}`,
    ...(typeof seq === 'number' ? [`${at}number ${seq} of the revocation feed`] : []),
    ...list(along).map((one) => `with it: ${one.name}`),
    ...waiting(list(unconfirmed)),
  ]
  return lines.map((line) => `${safeText(line)}\n`).join('')
}

/** How many credentials there are besides those that are named. */
const more = ({ credentials, credentialsTotal: total }: Record<string, unknown>): readonly string[] => {
  const rest = typeof total === 'number' ? total - list(credentials).length : 0
  return rest > 0 ? [`and ${rest} more credentials`] : []
}

const waiting = (unconfirmed: readonly Record<string, unknown>[]): readonly string[] => {
  if (unconfirmed.length === 0) return ['confirmed by everybody who is known to check its tokens']
  const lines = unconfirmed.map(({ kind, name, instance, lastHeardAt }) => {
    const who = instance === null ? name : `${name}/${instance}`
    return kind === 'connection'
      ? `  an open feed from ${who}, since ${lastHeardAt}`
      : `  ${who}, last heard ${lastHeardAt ?? 'never'}`
  })
  return ['not confirmed yet by:', ...lines]
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

const list = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.map(recordOf) : [])

import { looksSecret } from '../../kit/secret-shape.ts'
import { isLabel, type TokenRequest } from '../domain/token-request.ts'
import { type WrongParameter, wrongParameter } from '../domain/wrong-parameter.ts'
import type { ProvenClient } from './authenticate-client.ts'

/** The running copy that asks, by what was signed and what was not; these must not differ, and must be such as may be kept. */
export const agreedInstance = (
  proven: ProvenClient,
  wanted: Pick<TokenRequest, 'instance' | 'run'>,
): { readonly instance: string | null } | WrongParameter => {
  if (!isLabel(proven.instance)) return wrongParameter('the instance that the proof names is malformed')
  const names = new Set([proven.instance, wanted.instance].filter((name) => name !== undefined))
  const runs = new Set([proven.workflow?.run, wanted.run].filter((run) => run !== undefined))
  if (names.size > 1) return wrongParameter('instance is another one than the proof names')
  if (runs.size > 1) return wrongParameter('workflow_run is another one than the proof names')
  // Both stand in events, tokens and decisions as they are.
  if ([...names].some(looksSecret)) return wrongParameter('instance looks like a secret')
  if ([...runs].some(looksSecret)) return wrongParameter('workflow_run looks like a secret')
  return { instance: [...names][0] ?? null }
}

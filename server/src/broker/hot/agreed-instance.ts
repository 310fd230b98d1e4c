import { looksSecret } from '../../kit/secret-shape.ts'
import { isLabel, type TokenRequest } from '../domain/token-request.ts'
import type { ProvenClient } from './authenticate-client.ts'

/** The running copy that asks, by what was signed and what was not; undefined where these differ or may not be kept. */
export const agreedInstance = (
  proven: ProvenClient,
  wanted: Pick<TokenRequest, 'instance' | 'run'>,
): { readonly instance: string | null } | undefined => {
  if (!isLabel(proven.instance)) return undefined
  const names = new Set([proven.instance, wanted.instance].filter((name) => name !== undefined))
  const runs = new Set([proven.workflow?.run, wanted.run].filter((run) => run !== undefined))
  // What was signed and what was not must not differ.
  if (names.size > 1 || runs.size > 1) return undefined
  // Both stand in events, tokens and decisions as they are.
  if ([...names, ...runs].some(looksSecret)) return undefined
  return { instance: [...names][0] ?? null }
}

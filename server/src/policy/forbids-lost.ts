import type { AnyTx } from '../kit/database.ts'
import type { Needed } from '../settings.ts'
import type { PolicyText } from './domain/policy-set.ts'
import { readSource, uidOf } from './engine/index.ts'
import { isGuardrail, sourcesOf } from './memory/base.ts'
import { findResource } from './store-resource.ts'

/**
 * What ending or rewording forbids takes: they are what nobody may do, so that less of them is as much as a permit.
 * Security approves it, with the owner where a forbid is about one resource. Texts are read and compared as policies,
 * wherever they stand: a comment, the layout or another file changes none. One that comes to stand under an id that is
 * report-only (`onTrial`, by ids) forbids nothing any more, whatever it still says.
 */
export const forbidsLostNeeds = async (
  tx: AnyTx,
  before: readonly PolicyText[],
  after: readonly PolicyText[],
  onTrial: ReadonlySet<string> = new Set(),
): Promise<readonly Needed[]> => {
  // Of two that are alike either may go: what is forbidden stays so.
  const then = forbidsOf(after)
  const isEnforced = ({ id, isGuard }: Forbid): boolean => isGuard || !onTrial.has(id)
  const kept = new Set(then.map(({ form }) => form))
  const enforced = new Set(then.filter(isEnforced).map(({ form }) => form))
  const needs: Needed[] = []
  for (const forbid of forbidsOf(before)) {
    const { id, form, resource } = forbid
    if ((isEnforced(forbid) ? enforced : kept).has(form)) continue
    const found = resource === undefined ? undefined : await findResource(tx, resource)
    const owner = found?.owner ?? null
    const need = owner === null ? 'one' : 'security-and-owner'
    needs.push({ need, teams: [owner], why: [`${id} forbids, and would end or change`] })
  }
  return needs
}

interface Forbid {
  readonly id: string
  readonly form: string
  /** Whether no mode lifts it. */
  readonly isGuard: boolean
  /** The id or name of the one resource that it is about. */
  readonly resource: string | undefined
}

// The parser gives the parts of what is alike in one order.
const exactly = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value)

const forbidsOf = (texts: readonly PolicyText[]): readonly Forbid[] => {
  return sourcesOf(texts).sources.flatMap((source): readonly Forbid[] => {
    const read = readSource(source.text)
    const isGuard = isGuardrail(source)
    if (read === undefined) return [{ id: source.id, form: source.text, isGuard, resource: undefined }]
    if (read.effect !== 'forbid') return []
    const form = JSON.stringify([read, isGuard], exactly)
    const { resource } = read
    const named = 'entity' in resource ? uidOf(resource.entity) : undefined
    return [{ id: source.id, form, isGuard, resource: named?.type === 'Reeve::Resource' ? named.id : undefined }]
  })
}

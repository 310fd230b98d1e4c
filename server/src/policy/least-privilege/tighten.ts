import type { Bundle, MatrixLine } from '../domain/bundle.ts'
import type { Grant } from '../domain/grant.ts'
import { narrowed } from '../domain/narrowed.ts'
import { linesOf } from '../domain/reach.ts'
import type { Base } from '../memory/base.ts'
import type { Uses } from './gather-uses.ts'

/** A grant or a bundle that gives more than was used, and what it would give instead. */
export interface Tighter {
  readonly of: { readonly type: 'grant'; readonly grant: Grant } | { readonly type: 'bundle'; readonly bundle: Bundle }
  readonly before: readonly MatrixLine[]
  /** Empty where nothing of it was used, so that it could end. */
  readonly after: readonly MatrixLine[]
  readonly taken: readonly MatrixLine[]
}

/** What would be left of grants: each that loses something gives the lines that are left, under its own terms. */
export const tightenedGrants = (grants: readonly Grant[], tighter: readonly Tighter[]): readonly Grant[] =>
  grants.flatMap((grant) => {
    const found = tighter.find(({ of }) => of.type === 'grant' && of.grant.id === grant.id)
    return found === undefined
      ? [grant]
      : found.after.map((gives, at) => ({ ...grant, id: `${grant.id}_${at}`, gives }))
  })

/** Bundles with the lines that would be left of them. */
export const tightenedBundles = (bundles: readonly Bundle[], tighter: readonly Tighter[]): readonly Bundle[] =>
  bundles.map((bundle) => {
    const found = tighter.find(({ of }) => of.type === 'bundle' && of.bundle.id === bundle.id)
    return found === undefined ? bundle : { ...bundle, matrix: found.after }
  })

/** The grants of an identity that give more than was used. */
export const tighterGrants = (grants: readonly Grant[], base: Base, uses: Uses): readonly Tighter[] =>
  grants.flatMap((grant) => {
    const before = linesOf(grant, base.bundle)
    const { lines: after, taken } = narrowedBy(before, base, uses)
    return taken.length === 0 ? [] : [{ of: { type: 'grant', grant }, before, after, taken }]
  })

/** The bundle, if it gives more than any of its holders used. */
export const tighterBundle = (bundle: Bundle, base: Base, uses: Uses): readonly Tighter[] => {
  const { lines: after, taken } = narrowedBy(bundle.matrix, base, uses)
  return taken.length === 0 ? [] : [{ of: { type: 'bundle', bundle }, before: bundle.matrix, after, taken }]
}

const narrowedBy = (lines: readonly MatrixLine[], base: Base, uses: Uses) =>
  narrowed(
    lines,
    (resource) => base.resource(resource)?.actions.map(({ name }) => name),
    (resource, action) => uses.find(resource, action) !== undefined,
  )

import type { MatrixLine } from '../domain/bundle.ts'
import { reachOf } from '../domain/reach.ts'
import type { Base } from '../memory/base.ts'
import type { Uses } from './gather-uses.ts'
import type { Tighter } from './tighten.ts'

/** Each action that lines give, once, with its use. */
export const grantedViews = (lines: readonly MatrixLine[], base: Base, uses: Uses) => {
  const views = reachOf(lines, base.resource).flatMap(({ resource, actions }) =>
    actions.map(({ name, effect }) => {
      const used = uses.find(resource.id, name)
      return {
        resource: resource.name,
        action: name,
        effect,
        used: used === undefined ? null : { ...used, by: [...used.by] },
      }
    }),
  )
  return [...new Map(views.map((view) => [`${view.resource} ${view.action}`, view])).values()]
}

/** A proposal as it is answered. */
export const proposalView = ({ of, before, after, taken }: Tighter, base: Base, holder: string | null) => {
  const named = (lines: readonly MatrixLine[]) =>
    lines.map(({ resource, actions }) => ({
      resource: base.resource(resource)?.name ?? resource,
      actions: [...actions],
    }))
  const lines = { before: named(before), after: named(after), taken: named(taken) }
  if (of.type === 'bundle') {
    const { id, name } = of.bundle
    return { type: 'bundle' as const, id, name, identity: null, bundle: null, directory: null, ...lines }
  }
  const { id, name, gives, directory } = of.grant
  const bundle = 'bundle' in gives ? (base.bundle(gives.bundle)?.name ?? gives.bundle) : null
  return { type: 'grant' as const, id, name, identity: holder, bundle, directory, ...lines }
}

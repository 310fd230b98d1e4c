import { type Subject, UNOWNED } from '../kit/operation.ts'
import type { Bundle } from './domain/bundle.ts'
import type { Resource } from './domain/resource.ts'
import { resourceSubject } from './views.ts'

/** Leaves out the lines of bundles that are on resources which the caller may not know of; each is asked about once. */
export const seenLines = (
  sees: (subject: Subject) => boolean,
  resource: (id: string) => Resource | undefined,
): ((bundle: Bundle) => Bundle) => {
  if (sees(UNOWNED)) return (bundle) => bundle
  const asked = new Map<string, boolean>()
  const isSeen = (id: string): boolean => {
    const known = asked.get(id)
    if (known !== undefined) return known
    const found = resource(id)
    const answer = found !== undefined && sees(resourceSubject(found))
    asked.set(id, answer)
    return answer
  }
  return (bundle) => ({ ...bundle, matrix: bundle.matrix.filter((line) => isSeen(line.resource)) })
}

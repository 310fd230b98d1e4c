import type { TestedView } from '../testing/tested-view.ts'
import { accessLint, type LintView } from './access-lint.ts'

/** What the tests of a directory leave untested. */
export const untestedLints = ({ policies, actions }: TestedView['coverage']): readonly LintView[] => [
  ...policies.untested.map((one) => accessLint('untested', one, 'it decides in no test')),
  ...actions.untested.map(({ resource, action, place }) =>
    accessLint('untested', { name: `${action} on ${resource}`, place }, 'no test asks for it'),
  ),
]

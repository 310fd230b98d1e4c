import type { Detector, FindContext, Found } from '../detector.ts'
import { mayBeNamedValue } from '../may-be-named-value.ts'
import { namedValue } from '../named-value.ts'

/** Secrets that only their name gives away: `db_password = …`, `"apiKey": "…"`, `--password=…`. */
export const assignmentDetectors: readonly Detector[] = [
  {
    id: 'assigned-secret',
    title: 'secret written as a literal',
    provider: 'generic',
    kind: 'service',
    type: 'password',
    severity: 'high',
    keywords: ['pass', 'pwd', '_pw', 'secret', 'token', 'key', 'credential', 'creds', 'bearer'],
    mayBegin: mayBeNamedValue,
    find: findAssignment,
    reaches: 'whatever accepts it',
  },
]

function findAssignment(text: string, at: number, { isProgram }: FindContext): Found | undefined {
  const found = namedValue(text, at, isProgram)
  if (!found) return undefined
  const { start, end, value, label, verdict } = found
  return { start, end, secret: value, confidence: verdict.confidence, type: verdict.type, label }
}

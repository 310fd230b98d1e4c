import { isOfPullRequests, isOpenSubject } from '../../exports/subject.ts'

/** What may be wrong with the subject of a federated credential of Entra, or with the expression of a flexible one. */
export const subjectTrait = (subject: string): string | undefined => {
  const claims = subject.match(CLAIM) ?? []
  const named = [...subject.matchAll(OF_SUBJECT)].map(([, value = '']) => value)
  const subjects = claims.length === 0 ? [subject] : named
  // Another claim, such as the workflow's, may hold it to one owner.
  const isAlone = claims.length === named.length
  if (subject === '' || (isAlone && subjects.some(isOpenSubject))) return 'federation:open'
  if (/[*?]/.test(subject)) return 'federation:wildcard'
  return subjects.some(isOfPullRequests) ? 'federation:pull-requests' : undefined
}

const CLAIM = /\bclaims\[/g
const OF_SUBJECT = /\bclaims\['sub'\]\s{1,8}(?:eq|matches)\s{1,8}'([^']{1,600})'/g

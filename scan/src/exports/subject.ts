/**
 * Whether strangers fit it: in `repo:*`, in `project_path:*` or behind the first letters of an owner, a wildcard stands in a
 * name that anybody may extend. Bitbucket's `{id of a repository}:*` does not: the id is whole.
 */
export const isOpenSubject = (subject: string): boolean =>
  /^[*?]/.test(subject) ||
  /^[^:/*?{]{1,40}:[^:/*?]{0,200}[*?]/.test(subject) ||
  /^system:serviceaccount:[^:*?]{0,100}[*?]/.test(subject)

/** Whether a condition in CEL lets in pull requests of GitHub: by their subject, or their event. */
export const takesPullRequests = (condition: string): boolean => {
  // What is refused stands in `!( )`.
  const allowed = condition.replace(/!\s{0,4}\([^()]{0,500}\)/g, ' ')
  return [...allowed.matchAll(PULL_REQUEST)].some(({ 1: value, index }) => {
    const compared = comparedWith(allowed.slice(Math.max(0, index - 600), index))
    return compared !== null && (value?.startsWith('repo:') === true || /\bevent_name["']?\]?\s{0,8}$/.test(compared))
  })
}

const PULL_REQUEST = /["'](repo:[^"':*]{1,300}:(?:event_name:)?pull_request|pull_request(?:_target)?)["']/g

/** What stands left of `==`, or of the `in` of a list that is still open, at the end of `before`; null if neither does. */
const comparedWith = (before: string): string | null => {
  const open = before.lastIndexOf('[')
  const [left, operator] =
    open > before.lastIndexOf(']') ? [before.slice(0, open), /\bin\s{0,4}$/] : [before, /==\s{0,8}$/]
  const found = operator.exec(left)
  return found === null ? null : left.slice(0, found.index)
}

/** GitHub's subject of the workflows of a repository that pull requests start, in its own form or a customised one. */
export const isOfPullRequests = (subject: string): boolean =>
  /^repo:[^:*?']{1,300}:(?:event_name:)?pull_request$/.test(subject)

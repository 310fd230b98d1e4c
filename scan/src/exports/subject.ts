/**
 * Whether strangers fit it: in `repo:*`, in `project_path:*` or behind the first letters of an owner, a wildcard stands in a
 * name that anybody may extend. Bitbucket's `{id of a repository}:*` does not: the id is whole.
 */
export const isOpenSubject = (subject: string): boolean =>
  /^[*?]/.test(subject) ||
  /^[^:/*?{]{1,40}:[^:/*?]{0,200}[*?]/.test(subject) ||
  /^system:serviceaccount:[^:*?]{0,100}[*?]/.test(subject)

/** Whether a condition in CEL lets in pull requests of GitHub: by their subject, or their event. */
export const takesPullRequests = (condition: string): boolean =>
  // What is refused stands in `!( )`.
  PULL_REQUESTS.test(condition.replace(/!\s{0,4}\([^()]{0,500}\)/g, ' '))

const PULL_REQUESTS =
  /(?:==|\bin\s{0,4}\[[^\]]{0,500}?)\s{0,8}["']repo:[^"':*]{1,300}:pull_request["']|\bevent_name\s{0,8}(?:==|in\s{0,4}\[[^\]]{0,500}?)\s{0,8}["']pull_request["']/

/** GitHub's subject of the workflows of a repository that pull requests start, in its own form or a customised one. */
export const isOfPullRequests = (subject: string): boolean =>
  /^repo:[^:*?']{1,300}:(?:event_name:)?pull_request$/.test(subject)

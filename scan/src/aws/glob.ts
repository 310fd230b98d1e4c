/** Whether a text is covered by a pattern with `*` and `?`, as policies write them; case does not count. */
export const covers = (pattern: string, text: string): boolean => {
  const wanted = pattern.toLowerCase()
  const given = text.toLowerCase()
  let at = 0
  let in_ = 0
  let star = -1
  let resume = 0
  while (in_ < given.length) {
    if (wanted[at] === '*') {
      star = at
      at += 1
      resume = in_
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[in_])) {
      at += 1
      in_ += 1
    } else if (star !== -1) {
      at = star + 1
      resume += 1
      in_ = resume
    } else {
      return false
    }
  }
  while (wanted[at] === '*') at += 1
  return at === wanted.length
}

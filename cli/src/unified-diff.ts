const CONTEXT = 3

/** What `git apply` takes to make one text the other; an `after` that is undefined ends the file. */
export const unifiedDiff = (path: string, before: string, after: string | undefined): string => {
  const head = `diff --git a/${path} b/${path}\n`
  const old = linesOf(before)
  if (after === undefined)
    return [
      head,
      'deleted file mode 100644\n',
      `--- a/${path}\n+++ /dev/null\n`,
      `@@ -1,${old.length} +0,0 @@\n`,
      ...old.map((line) => `-${line}`),
    ].join('')
  const now = linesOf(after)
  let first = 0
  while (first < old.length && first < now.length && old[first] === now[first]) first++
  let last = 0
  while (last < old.length - first && last < now.length - first && old.at(-1 - last) === now.at(-1 - last)) last++
  if (first === old.length && first === now.length) return ''
  const from = Math.max(0, first - CONTEXT)
  const to = Math.min(last, CONTEXT)
  const around = (lines: readonly string[]): number => lines.length - last + to - from
  return [
    head,
    `--- a/${path}\n+++ b/${path}\n`,
    `@@ -${from + 1},${around(old)} +${from + 1},${around(now)} @@\n`,
    ...old.slice(from, first).map((line) => ` ${line}`),
    ...old.slice(first, old.length - last).map((line) => `-${line}`),
    ...now.slice(first, now.length - last).map((line) => `+${line}`),
    ...old.slice(old.length - last, old.length - last + to).map((line) => ` ${line}`),
  ].join('')
}

// Each with its end, so that a last line without one differs from the same with one.
const linesOf = (text: string): string[] =>
  (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) =>
    line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`,
  )

import type { ExportRecord } from './records.ts'

/**
 * How the pages of an answer say that more follow; nothing where they do not. An export that stops at its first page
 * looks like a whole one, and what it lacks would read as gone.
 */
export const cutShort = (pages: readonly ExportRecord[]): string | undefined => {
  const last = pages.at(-1)
  if (!last) return undefined
  const mark = MARKS.find((field) => last.text(field) !== '') ?? cursorOf(last)
  if (mark !== undefined) return `the answer goes on (${mark}): ask for all pages`
  // GitHub says with each page how many there are.
  const counted = pages.filter((page) => /^\d{1,9}$/.test(page.text('total_count')))
  const total = Math.max(0, ...counted.map((page) => Number(page.text('total_count'))))
  const held = counted.reduce((sum, page) => sum + longestList(page), 0)
  return held > 0 && held < total ? `the answer holds ${held} of ${total} (total_count): ask for all pages` : undefined
}

// AWS, Google, Microsoft Graph, and others after them.
const MARKS = ['NextToken', 'nextToken', 'NextMarker', 'nextMarker', 'nextPageToken', '@odata.nextLink', 'nextCursor']

const cursorOf = (page: ExportRecord): string | undefined => {
  if (page.is('IsTruncated') || page.is('has_more')) return page.is('IsTruncated') ? 'IsTruncated' : 'has_more'
  // Slack's.
  return page.child('response_metadata').text('next_cursor') === '' ? undefined : 'next_cursor'
}

const longestList = (page: ExportRecord): number =>
  Math.max(0, ...page.names().map((name) => page.children(name).length))

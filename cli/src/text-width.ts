const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\uff01-\uff60]/u
const NARROW = /^[\u0020-\u007e]*$/
const segments = new Intl.Segmenter('en')

/** How many columns of a terminal a text takes. */
export const textWidth = (text: string): number =>
  NARROW.test(text) ? text.length : [...segments.segment(text)].reduce((sum, { segment }) => sum + widthOf(segment), 0)

/** The text with blanks up to this many columns. */
export const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - textWidth(text)))

/** The text, cut to this many columns with a mark where it was. */
export const cutTo = (text: string, width: number): string => {
  if (textWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const { segment } of segments.segment(text)) {
    used += widthOf(segment)
    if (used > width - 1) break
    kept += segment
  }
  return `${kept}…`
}

const widthOf = (segment: string): number => (WIDE.test(segment) ? 2 : 1)

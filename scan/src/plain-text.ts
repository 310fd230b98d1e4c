/** Text from a file made safe to print: one line, no control codes, no reordering marks, bounded. */
export const plainText = (text: string, charsMax = 300): string => {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax)}…` : text
  // A copy: what is cut out of a file would keep all of the file for as long as the report. A text that is put together
  // character by character would be kept as a chain of that many pieces.
  if (isPlain(cut)) return Buffer.from(cut, 'utf8').toString('utf8')
  return Array.from(cut, (char) => (isUnsafe(char.codePointAt(0) ?? 0) ? escaped(char) : char)).join('')
}

// Nearly all texts are: printable ASCII and nothing else.
const isPlain = (text: string): boolean => {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code > 0x7e) return false
  }
  return true
}

// C0, C1 and DEL move a terminal's cursor; the rest reorder, hide or split what a reader sees (Unicode TR 36, TR 55).
const isUnsafe = (code: number): boolean =>
  code < 0x20 ||
  (code >= 0x7f && code <= 0x9f) ||
  (code >= 0x200b && code <= 0x200f) ||
  (code >= 0x2028 && code <= 0x202e) ||
  (code >= 0x2060 && code <= 0x206f) ||
  (code >= 0xd800 && code <= 0xdfff) ||
  (code >= 0xfff9 && code <= 0xfffb) ||
  (code >= 0xe0000 && code <= 0xe007f) ||
  code === 0x061c ||
  code === 0xfeff

const escaped = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`

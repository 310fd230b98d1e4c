/**
 * JSON text in which every character that could break a line, drive a terminal or disguise what is read is escaped:
 * DEL and the C1 controls (0x9b alone begins a terminal sequence), line and paragraph separators (some readers split
 * lines there), what is invisible, what turns the direction of text, and tag characters. JSON.stringify has escaped
 * the C0 controls before. The text still means the same.
 */
export const printable = (json: string): string =>
  HIDDEN.test(json) ? json.replaceAll(HIDDEN_EACH, (found) => escapeUnits(found)) : json

const CHARACTERS =
  '[\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]' +
  '|\\udb40[\\udc00-\\udc7f]'
const HIDDEN = new RegExp(CHARACTERS)
const HIDDEN_EACH = new RegExp(CHARACTERS, 'g')

const escapeUnits = (text: string): string =>
  text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

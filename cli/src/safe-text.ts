// C0 and C1 controls, and the characters that reorder or hide text (bidi overrides, isolates, zero width).
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

/** A text from outside, fit for a terminal: what could move the cursor, colour, or reorder is shown as its code. */
export const safeText = (text: string): string => text.replace(UNSAFE, codeOf)

/** A value as JSON that is fit for a terminal as well: the same value, with those characters escaped. */
export const safeJson = (value: unknown, indent?: number): string =>
  // JSON escapes the controls below U+0020 itself; the line feeds that are left are the layout's.
  JSON.stringify(value, null, indent).replace(UNSAFE, (char) => (char === '\n' ? char : codeOf(char)))

const codeOf = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

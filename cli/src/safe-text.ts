// C0 and C1 controls, and the characters that reorder or hide text (bidi overrides, isolates, zero width).
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

/** A text from outside, fit for a terminal: what could move the cursor, colour, or reorder is shown as its code. */
export const safeText = (text: string): string =>
  text.replace(UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

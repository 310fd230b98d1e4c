/**
 * Whether a text is valid Unicode. The runtime counts each call of its own method, which takes longer than to look at the
 * letters of the short texts that requests are made of.
 */
export const isWellFormed = (text: string): boolean => {
  for (let at = 0; at < text.length; at++) if ((text.charCodeAt(at) & 0xf800) === 0xd800) return text.isWellFormed()
  return true
}

/**
 * Parses JSON that has no raw DEL and that JSON.parse accepts, with member names as they are written. V8 reads a
 * name with an escape in it as another name that it met before and whose first characters look like the escape
 * (nodejs/node#63785), so here the engine sees no escapes: they stand behind a DEL until every string is cut out.
 * Nesting is the caller's to bound.
 */
export const parseEscapedNames = (text: string): unknown =>
  reveal(JSON.parse(text.replaceAll(/\\(.)/g, (_, escaped: string) => DEL + (HIDE.get(escaped) ?? escaped))))

const DEL = '\u007f'
// What JSON could not bear in a string; neither stand-in is an escape of JSON.
const HIDE = new Map([
  ['"', "'"],
  ['\\', '-'],
])
const SHOW = new Map([...HIDE].map(([escaped, standIn]) => [standIn, escaped]))

const reveal = (value: unknown): unknown => {
  if (typeof value === 'string') return revealText(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(reveal)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [revealText(name), reveal(member)]))
}

const revealText = (text: string): string =>
  text.includes(DEL) ? String(JSON.parse(`"${text.replaceAll(/\u007f(.)/g, showEscape)}"`)) : text

const showEscape = (_: string, standIn: string): string => `\\${SHOW.get(standIn) ?? standIn}`

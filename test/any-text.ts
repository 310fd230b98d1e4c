import fc from 'fast-check'

const character = fc
  .oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  .map((code) => String.fromCodePoint(code))
// What programs trip over where they keep texts as names.
const WORDS = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'key', 'ref']

/**
 * Any text of whole characters, and now and then one of those words. The same from fast-check's own unit `binary` begins
 * with a table of all characters, which takes seconds in every process.
 */
export const anyText = (length: { readonly minLength?: number; readonly maxLength?: number } = {}) => {
  const fitting = WORDS.filter((word) => word.length <= (length.maxLength ?? word.length))
  const characters = fc.array(character, length).map((all) => all.join(''))
  return fc.oneof({ weight: 15, arbitrary: characters }, { weight: 1, arbitrary: fc.constantFrom(...fitting) })
}

import { coreFault, type Fault, type FaultPlace } from './fault.ts'
import { shapeOf } from './secret-shape.ts'

/**
 * What no text of an input may hold, whatever its operation: U+0000, which PostgreSQL cannot store, half a surrogate
 * pair, which has no UTF-8 and no canonical JSON (RFC 8785 §3.2.2.2), and what looks like a secret, since names, purposes and reasons are kept, shown and recorded as they are. A password without a shape of
 * its own cannot be told from words.
 */
export const checkTexts = (input: unknown): Fault | undefined => {
  const found: Found = { secrets: [], unstorable: [] }
  visit(input, '', found)
  if (found.unstorable.length > 0) return coreFault('invalid_input', { places: found.unstorable })
  if (found.secrets.length > 0) return coreFault('secret_in_text', { places: found.secrets })
  return undefined
}

interface Found {
  readonly secrets: FaultPlace[]
  readonly unstorable: FaultPlace[]
}

const PLACES_MAX = 20

// What proves somebody or names a token, in any operation; it is hashed, read or sealed, and never shown.
const SECRET_FIELDS: ReadonlySet<string> = new Set(['/assertion', '/authorization', '/code', '/secret', '/token'])

const visit = (part: unknown, pointer: string, found: Found): void => {
  if (typeof part === 'string') checkText(part, pointer, found)
  else if (typeof part === 'object' && part !== null)
    for (const [name, inner] of Object.entries(part)) {
      const named = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
      // A name that looks like a secret must not come back in a pointer.
      if (shapeOf(name) === undefined && whyUnstorable(name) === undefined) visit(inner, named, found)
      else checkText(name, `${pointer}/*`, found)
    }
}

const checkText = (text: string, pointer: string, { secrets, unstorable }: Found): void => {
  const why = whyUnstorable(text)
  if (why !== undefined) add(unstorable, { pointer, detail: why })
  if (SECRET_FIELDS.has(pointer)) return
  const shape = shapeOf(text)
  if (shape !== undefined) add(secrets, { pointer, detail: `looks like ${shape}` })
}

const whyUnstorable = (text: string): string | undefined => {
  if (text.includes('\0')) return 'must not hold the character U+0000'
  return text.isWellFormed() ? undefined : 'must not hold half a surrogate pair'
}

const add = (places: FaultPlace[], place: FaultPlace): void => {
  if (places.length < PLACES_MAX) places.push(place)
}

/**
 * The URI of a request as a proof names it (RFC 9449 §4.3, check 9): without query and fragment, in the one writing of
 * RFC 3986 §6.2.2 and §6.2.3. Undefined for what no request of ours is sent to.
 */
export const targetUri = (text: string): string | undefined => {
  // What a parser of URLs drops or mends is not compared: two readers could see two addresses in it.
  if (text.length > uriCharactersMax || !/^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/i.test(text)) return undefined
  if (!URL.canParse(text)) return undefined
  const { protocol, host, pathname, username, password } = new URL(text)
  if (username !== '' || password !== '') return undefined
  return `${protocol}//${host}${pathname.replaceAll(/%[0-9a-f]{2}/gi, plainOctet)}`
}

const uriCharactersMax = 4_096

/** RFC 3986 §6.2.2.1 and §6.2.2.2: hexadecimal digits are capitals, and what needs no escape has none. */
const plainOctet = (escaped: string): string => {
  const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
  return /[A-Za-z0-9._~-]/.test(character) ? character : escaped.toUpperCase()
}

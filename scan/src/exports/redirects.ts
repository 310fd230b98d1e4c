/** The redirect addresses that others may hold: patterns, and those without encryption on other machines (RFC 9700 §2.1). */
export const looseRedirects = (uris: readonly string[]): string[] =>
  uris.filter((uri) => uri.includes('*') || (/^http:\/\//i.test(uri) && !LOOPBACK.test(uri)))

const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)/i

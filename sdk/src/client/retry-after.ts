/** The seconds that a `Retry-After` header asks for (RFC 9110 §10.2.3): a number, or a date that is to be waited for. */
export const retryAfterSeconds = (header: string | null, nowMs: number): number | undefined => {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header)
  const atMs = Date.parse(header)
  return Number.isNaN(atMs) ? undefined : Math.max(0, Math.ceil((atMs - nowMs) / 1000))
}

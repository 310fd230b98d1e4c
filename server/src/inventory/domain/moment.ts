const DAY_MS = 86_400_000

/** So many days of 24 hours later. */
export const daysAfter = (from: Date, days: number): Date => new Date(from.getTime() + days * DAY_MS)

/** Nothing lives longer than this without somebody saying so again. */
export const EXPIRY_DAYS_MAX = 366

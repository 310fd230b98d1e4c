/** From when on the posture of an identity is said to be wrong; days, and numbers of things. Tune it here. */
export const LIMITS = {
  /** A static secret that is older, or a public key. */
  staticDaysMax: 30,
  publicKeyDaysMax: 180,
  /** So many functions, or resources, are not one task. */
  functionsMax: 3,
  resourcesMax: 25,
  /** Rights are not called unused before somebody had so long to use them. */
  usedWithinDays: 90,
  /** For so long it is told that a person used what is a machine's. */
  personUseDays: 30,
  /** An account that acts in so many hours of a day, on so many of the last days, is no person's alone: people sleep. */
  personHoursMax: 20,
  restlessDaysMax: 3,
  restlessWithinDays: 7,
} as const

const SAME: Readonly<Record<string, string>> = {
  prod: 'production',
  prd: 'production',
  live: 'production',
  stage: 'staging',
  stg: 'staging',
  development: 'dev',
  testing: 'test',
}

/** One spelling per environment: `Prod-EU` is `production-eu`. */
export const normalEnvironment = (text: string): string => {
  const [head = '', ...rest] = text.trim().toLowerCase().split('-')
  return [SAME[head] ?? head, ...rest].join('-')
}

/** Whether this is production, or a part of it. */
export const isProduction = (environment: string): boolean =>
  environment === 'production' || environment.startsWith('production-')

/** The candidate that somebody most likely meant, if one is near enough to be worth saying. */
export const closest = (word: string, candidates: Iterable<string>): string | undefined => {
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    const distance = distanceOf(word.toLowerCase(), candidate.toLowerCase())
    if (distance < (best?.distance ?? Number.POSITIVE_INFINITY)) best = { candidate, distance }
  }
  if (best === undefined) return undefined
  const { candidate, distance } = best
  const isPart = word.length >= 3 && (candidate.startsWith(word) || word.startsWith(candidate))
  return isPart || distance <= Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3))
    ? candidate
    : undefined
}

/** The Damerau-Levenshtein distance: letters left out, added, mistaken, or two neighbours swapped. */
const distanceOf = (one: string, other: string): number => {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1]
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      row.push(
        Math.min(
          (rows[i - 1]?.[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + 1,
          (rows[i - 1]?.[j - 1] ?? 0) + (isSame ? 0 : 1),
          isSwap ? (rows[i - 2]?.[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    rows.push(row)
  }
  return rows[one.length]?.[other.length] ?? 0
}

/** What other tools call our verbs and nouns; first the best. */
export const OTHER_WORDS: Readonly<Record<string, readonly string[]>> = {
  get: ['show', 'list'],
  describe: ['show'],
  inspect: ['show'],
  view: ['show'],
  ls: ['list'],
  all: ['list'],
  search: ['list'],
  find: ['list', 'scan'],
  new: ['create', 'add'],
  add: ['create'],
  make: ['create'],
  create: ['add', 'invite'],
  register: ['create'],
  update: ['change'],
  edit: ['change'],
  set: ['change'],
  modify: ['change'],
  delete: ['retire', 'revoke', 'remove', 'end'],
  rm: ['retire', 'revoke', 'remove', 'end'],
  remove: ['retire', 'revoke', 'end'],
  destroy: ['retire', 'revoke', 'remove'],
  disable: ['quarantine', 'retire'],
  stop: ['quarantine'],
  block: ['quarantine'],
  contain: ['quarantine'],
  suspend: ['quarantine'],
  kill: ['quarantine'],
  unblock: ['release'],
  resume: ['release'],
  enable: ['release', 'activate'],
  explain: ['why'],
  check: ['can', 'validate'],
  coverage: ['test'],
  deny: ['refuse'],
  reject: ['refuse'],
  accept: ['approve'],
  log: ['audit'],
  logs: ['audit'],
  events: ['audit'],
  history: ['audit'],
  plan: ['apply'],
  diff: ['apply'],
  deploy: ['apply'],
  signin: ['login'],
  auth: ['login'],
  signout: ['logout'],
  me: ['whoami'],
  ping: ['status'],
  health: ['status'],
  version: ['status'],
  bot: ['identity'],
  agent: ['identity'],
  nhi: ['identity'],
  service: ['identity'],
  account: ['identity'],
  user: ['person'],
  users: ['person'],
  people: ['person'],
  invite: ['person'],
  secret: ['credential'],
  apikey: ['credential'],
  role: ['person', 'bundle'],
  permission: ['grant'],
  policy: ['set'],
  policies: ['set'],
  rule: ['set'],
  owner: ['team'],
  config: ['status'],
  call: ['api'],
  curl: ['api'],
}

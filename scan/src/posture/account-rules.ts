import { type Estate, type Judged, perTrait, type Rule } from './rule.ts'

const DAY_MS = 86_400_000

// Two exports may tell of one fact: it is one finding.
const once =
  (trait: string, judge: (detail: string, now: Date) => readonly string[] | undefined = (detail) => [detail]) =>
  (estate: Estate): Judged[] => {
    const seen = new Set<string>()
    return perTrait(trait, ({ detail }, { stableKey }) => {
      const key = `${stableKey} ${detail}`
      const evidence = judge(detail, estate.now)
      if (seen.has(key) || !evidence) return undefined
      seen.add(key)
      return { key, evidence }
    })(estate)
  }

const unusedFor = (words: string) => (day: string, now: Date) => {
  const days = daysBetween(day, now)
  return days !== undefined && days > 90 ? [`${words} ${day}, ${days} days ago`] : undefined
}

/** What can be wrong with accounts that machines have in other systems, whatever export or code tells of them. */
export const accountRules: readonly Rule[] = [
  {
    id: 'account/broad-role',
    owasp: 'NHI5',
    severity: 'high',
    confidence: 'high',
    title: 'a machine that may do nearly everything in a whole project, subscription or organisation',
    why: 'whoever breaks into it may change everything there, in most cases its own rights too',
    fix: 'give it the roles of what it does, on the resources that it does it to',
    judge: once('account:broad-role'),
  },
  {
    id: 'account/becomes-others',
    owasp: 'NHI5',
    severity: 'high',
    confidence: 'high',
    title: 'a machine that may act as others, or give rights to itself',
    why: 'its own roles are no limit: it has those of the strongest that it can become',
    fix: 'grant it on the one account that it must act as, not on the project or above',
    judge: once('account:impersonates'),
  },
  {
    id: 'account/public',
    owasp: 'NHI4',
    severity: 'high',
    confidence: 'high',
    title: 'everybody on the internet may use it',
    why: 'no sign-in stands before it, or one that anybody has: whoever finds it acts with its rights',
    fix: 'name who may use it; for a public service, let nothing behind it do more than strangers may',
    judge: once('account:public'),
  },
  {
    id: 'account/shared-default',
    owasp: 'NHI9',
    severity: 'medium',
    confidence: 'high',
    title: 'programs that run as the account that the vendor made for all of them',
    why: 'nobody can tell which of them acted, and each has whatever any of them was given',
    fix: 'make an account for each program, and take the roles of the default one away',
    judge: once('account:shared-default'),
  },
  {
    id: 'account/unused',
    owasp: 'NHI1',
    severity: 'medium',
    confidence: 'medium',
    title: 'an account of a machine that did nothing for 90 days',
    why: 'its rights stay, and nobody would notice who else uses them',
    fix: 'ask its owner, disable it, and delete it when nothing broke',
    judge: (estate) => [
      ...once('account:last-used', unusedFor('last used'))(estate),
      ...once('account:unused-since', unusedFor('no use seen since'))(estate),
    ],
  },
  {
    id: 'account/disabled-with-access',
    owasp: 'NHI1',
    severity: 'low',
    confidence: 'high',
    title: 'a disabled account that still has its roles or keys',
    why: 'whoever enables it again, by mistake or not, has all of them at once',
    fix: 'take its roles and keys away, then delete it',
    judge: once('account:disabled-with-access'),
  },
  {
    id: 'account/deleted-with-access',
    owasp: 'NHI1',
    severity: 'low',
    confidence: 'high',
    title: 'a role that somebody deleted still has',
    why: 'it tells nobody anything any more, and hides who has the role',
    fix: 'take it out of the policy',
    judge: once('account:deleted'),
  },
  {
    id: 'account/superuser',
    owasp: 'NHI5',
    severity: 'high',
    confidence: 'medium',
    title: 'a program that signs in as an administrator of its database, broker or directory',
    why: 'whatever gets into the program reads and changes all of the data, the accounts of others among it',
    fix: 'give it a user of its own with rights on what it uses',
    judge: once('account:superuser'),
  },
  {
    id: 'account/no-password',
    owasp: 'NHI4',
    severity: 'high',
    confidence: 'high',
    title: 'an account that signs in without a proof',
    why: 'whoever reaches the server is in',
    fix: 'require a certificate, a token or a long random password; shut the account out until then',
    judge: once('account:no-password'),
  },
  {
    id: 'account/statistics-for-all',
    owasp: 'NHI4',
    severity: 'low',
    confidence: 'high',
    title: 'a broker that shows its statistics to anybody',
    why: 'whoever may connect without signing in sees its version, its load and how many clients it has: no message of a device',
    fix: 'put the line below the user that watches the broker, or leave it where nobody connects without signing in',
    judge: once('account:statistics-for-all'),
  },
  {
    id: 'account/deploy-key-writes',
    owasp: 'NHI5',
    severity: 'medium',
    confidence: 'high',
    title: 'a deploy key that may write to its repository',
    why: 'it never ends, is nobody’s, and goes around reviews where branches are not protected',
    fix: 'make it read only, or use an app with short-lived tokens',
    judge: once('account:deploy-key-writes'),
  },
  {
    id: 'account/shared',
    owasp: 'NHI9',
    severity: 'medium',
    confidence: 'medium',
    title: 'an account that several people or programs use',
    why: 'nobody can tell which of them acted, and changing its credential breaks all of them at once',
    fix: 'give each an identity of its own',
    judge: once('account:shared'),
  },
  {
    id: 'account/attestation-old',
    owasp: 'NHI1',
    severity: 'medium',
    confidence: 'high',
    title: 'an identity that nobody attested for 180 days',
    why: 'all that is known of it is what somebody once said',
    fix: 'ask its owner again whether it is needed, by whom and for what',
    judge: once('account:attested', (day, now) => {
      const days = daysBetween(day, now)
      if (days !== undefined && days <= 180) return undefined
      return [
        days === undefined
          ? day === 'unreadable'
            ? 'attested on a day that is not written as 2026-11-01'
            : `attested by ${day === 'nobody' ? 'nobody' : 'somebody, without a date'}`
          : `attested on ${day}, ${days} days ago`,
      ]
    }),
  },
  {
    id: 'account/runs-as-root',
    owasp: 'NHI5',
    severity: 'low',
    confidence: 'medium',
    title: 'a program that runs as root with nothing taken away',
    why: 'whatever gets into the program has the machine, and every secret on it',
    fix: 'give it a user of its own (DynamicUser= does), or take the capabilities away that it does not need',
    judge: once('account:runs-as-root'),
  },
  {
    id: 'account/runs-fetched-code',
    owasp: 'NHI3',
    severity: 'high',
    confidence: 'high',
    title: 'a job that runs whatever an address answers',
    why: 'whoever holds the address, or stands before it, runs code on the machine every time',
    fix: 'keep the script where the job is, or check its digest before it is run',
    judge: once('account:runs-fetched-code'),
  },
  {
    id: 'account/from-anywhere',
    owasp: 'NHI7',
    severity: 'low',
    confidence: 'medium',
    title: 'an account that may sign in from any address',
    why: 'a password that got out works from the internet as it does from the program',
    fix: 'name the host or network of the program',
    judge: once('account:from-anywhere'),
  },
]

/** Whole days from a day to now; nothing when it is no day. */
export const daysBetween = (day: string, now: Date): number | undefined => {
  const at = Date.parse(`${day}T00:00:00Z`)
  return Number.isNaN(at) ? undefined : Math.floor((now.getTime() - at) / DAY_MS)
}

/** The findings of a trait, one for each detail of each identity. */
export const oncePerDetail = (trait: string) => once(trait)

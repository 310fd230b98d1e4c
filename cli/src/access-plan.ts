import type { Client } from '@reeve/sdk/client'
import type { AccessDirectory } from './access-directory.ts'
import { validateAccess } from './access-review.ts'
import { cleanDays, latestRefusals } from './clean-days.ts'

type Made = Awaited<ReturnType<Client['policy']['access']['plan']>>
type Compared = Awaited<ReturnType<Client['policy']['access']['compare']>>
type Page = Awaited<ReturnType<Client['policy']['access']['replay']>>

/** What `reeve plan` found out, as it is printed with --json. */
export interface AccessPlan extends Made {
  readonly access: Compared
  /** What is likely not meant as it stands. */
  readonly lints: Awaited<ReturnType<typeof validateAccess>>['lints']
  readonly replay: {
    readonly days: number
    readonly decisions: number
    readonly decided: number
    readonly flips: Page['flips']
    readonly unreplayed: Page['unreplayed']
  }
  readonly reportOnly: readonly (Page['reportOnly'][number] & { readonly cleanDays: number })[]
}

/** Makes a plan on the server, compares who may do what, and replays what was decided; `progress` is told how far it is. */
export const planAccess = async (
  client: Client,
  directory: AccessDirectory,
  given: { readonly days: number; readonly now: Date; progress(done: number, total: number): void },
): Promise<AccessPlan> => {
  const { input, origins } = directory
  const made = Object(await client.callByName('policy.access.plan', { ...input, origins }))
  const access = await client.policy.access.compare({ plan: made.plan })
  const { lints } = await validateAccess(client, directory)
  const flips: Page['flips'][number][] = []
  const unreplayed = { forgotten: 0, unreadable: 0, resourceGone: 0, unknownThen: 0 }
  let [entries, decisions, decided, total] = [0, 0, 0, 0]
  let reportOnly: Page['reportOnly'] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const { days } = given
    const page: Page = await client.policy.access.replay({
      plan: made.plan,
      days,
      ...(cursor === undefined ? {} : { cursor }),
    })
    total = page.total ?? total
    entries += page.entries
    decisions += page.decisions
    decided += page.decided
    flips.push(...page.flips)
    for (const reason of REASONS) unreplayed[reason] += page.unreplayed[reason]
    reportOnly = latestRefusals(reportOnly, page.reportOnly)
    given.progress(entries, total)
    cursor = page.nextCursor
  }
  return {
    ...made,
    access,
    lints,
    replay: { days: given.days, decisions, decided, flips, unreplayed },
    reportOnly: reportOnly.map((one) => ({ ...one, cleanDays: cleanDays(one, given) })),
  }
}

/** Whether applying it would change anything. */
export const hasChanges = (plan: Pick<AccessPlan, 'objects' | 'tests' | 'testsInForce'>): boolean =>
  plan.objects.some(({ verb }) => verb !== 'unchanged') || hasLostTests(plan)

/** Whether all the tests went away with which the directory was last applied. */
const hasLostTests = ({ tests, testsInForce }: Pick<AccessPlan, 'tests' | 'testsInForce'>): boolean =>
  tests.length === 0 && testsInForce > 0

const REASONS = ['forgotten', 'unreadable', 'resourceGone', 'unknownThen'] as const

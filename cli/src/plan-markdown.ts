import type { AccessPlan } from './access-plan.ts'
import { planSections } from './plan-lines.ts'
import { safeText } from './safe-text.ts'

/** A plan as a comment on a pull request: names from outside stand in code blocks, where they mean nothing to the page. */
export const planMarkdown = (plan: AccessPlan, now: Date): string => {
  const sections = planSections(plan, now).flatMap(({ title, lines }) => [
    `### ${escaped(title)}`,
    '',
    ...(lines.length === 0 ? [] : [FENCE, ...lines.map((line) => safeText(line).replaceAll('`', "'")), FENCE, '']),
  ])
  return [
    `## Access plan of ${escaped(plan.directory)}`,
    '',
    ...sections,
    `Apply exactly this: \`reeve apply ${plan.plan}\``,
    '',
  ].join('\n')
}

const FENCE = '```'

const escaped = (text: string): string => safeText(text).replace(/[\\`*_{}[\]<>#|!&@]/g, (char) => `\\${char}`)

import type { Client } from '@reeve/sdk/client'
import { safeText } from './safe-text.ts'

type Shown = Awaited<ReturnType<Client['observe']['report']['show']>>
type Line = Shown['items'][number]

/** The standing report as a page; names and evidence from outside mean nothing to it. */
export const highRiskMarkdown = ({ report, items }: Shown): string => {
  const of = (change: Line['change']): readonly Line[] => items.filter((line) => line.change === change)
  const delivery =
    report.delivery.state === 'pending' && report.delivery.lastError !== null
      ? `not delivered yet: ${report.delivery.lastError}`
      : report.delivery.state
  return [
    `# High risk: report ${report.number}`,
    '',
    `Privileged, long-lived and reachable from the internet at once, as judged last before ${escaped(report.madeAt)}.`,
    '',
    `${report.standing} stand: ${report.new} new, ${report.changed} changed, ${of('same').length} the same; ${report.gone} gone since ${escaped(report.previous ?? 'nothing: it is the first')}. Delivery: ${escaped(delivery)}.`,
    '',
    ...sectionOf('New', of('new')),
    ...sectionOf('Changed', of('changed')),
    ...sectionOf('Gone', of('gone')),
    ...sectionOf('As before', of('same')),
  ].join('\n')
}

const sectionOf = (title: string, lines: readonly Line[]): readonly string[] =>
  lines.length === 0 ? [] : [`## ${title} (${lines.length})`, '', ...lines.flatMap(linesOf), '']

const linesOf = (line: Line): readonly string[] => {
  const what = line.name ?? line.where ?? line.finding
  const whose = line.identity === null ? 'not in the register' : `owner ${line.team ?? 'none'}`
  const standing =
    line.accepted === null ? '' : `, accepted until ${escaped(line.accepted.until)} (${escaped(line.accepted.reason)})`
  const head = `- **${escaped(what)}**: ${escaped(whose)}, since ${escaped(line.firstSeenAt)}${standing}; why: ${escaped(line.finding)}`
  const facts = line.change === 'changed' ? line.because : line.evidence
  return [head, ...facts.map((fact) => `  - ${escaped(fact)}`)]
}

const escaped = (text: string): string => safeText(text).replace(/[\\`*_{}[\]<>#|!&@~]/g, (char) => `\\${char}`)

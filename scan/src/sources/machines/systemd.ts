import type { SeenInExport } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { SourceTools } from '../../source.ts'
import { argumentSettings, shellWords } from '../argument-settings.ts'
import { settingReaches, settingTraits } from '../settings.ts'
import { linesOf } from './lines.ts'

/** A service that a machine runs: its user, and what it is handed, systemd.service(5) and systemd.exec(5). */
export const systemdUnit = (file: ScannedFile, tools: SourceTools): SeenInExport[] => {
  const values = new Map<string, { value: string; line: number }[]>()
  let section = ''
  for (const { text, line } of linesOf(file)) {
    const at = text.indexOf('=')
    if (/^[#;]/.test(text)) continue
    if (/^\[\w{1,40}\]$/.test(text)) section = text.slice(1, -1)
    else if (at > 0) {
      const key = `${section}.${text.slice(0, at).trim()}`
      values.set(key, [...(values.get(key) ?? []), { value: text.slice(at + 1).trim(), line }])
    }
  }
  const one = (key: string) => values.get(key)?.at(-1)
  const start = one('Service.ExecStart')
  if (!start) return []
  const isDynamic = /^(?:yes|true|1|on)$/i.test(one('Service.DynamicUser')?.value ?? '')
  const user = one('Service.User')?.value ?? (isDynamic ? 'a user of its own' : 'root')
  const settings = (values.get('Service.Environment') ?? []).flatMap(({ value, line }) =>
    assignmentsIn(value).map(({ name, value: text }) => ({ name, value: text, where: file.at(line) })),
  )
  const handed = [...settings, ...argumentSettings(shellWords(start.value), file.at(start.line))]
  const isNarrow = ['NoNewPrivileges', 'ProtectSystem', 'CapabilityBoundingSet', 'SystemCallFilter'].some((key) =>
    values.has(`Service.${key}`),
  )
  return [
    {
      kind: 'service',
      name: `service ${file.baseName.replace(/\.service$/, '')}`,
      key: `systemd:${file.repository}:${file.repositoryPath}`,
      line: start.line,
      evidence: `runs as ${user}`,
      reaches: [
        ...settings.flatMap(settingReaches),
        ...(values.get('Service.EnvironmentFile') ?? []).map(({ value }) => ({
          what: `settings in ${value.replace(/^-/, '')}`,
          access: 'read' as const,
          because: 'EnvironmentFile',
        })),
        ...['LoadCredential', 'LoadCredentialEncrypted'].flatMap((key) =>
          (values.get(`Service.${key}`) ?? []).map(({ value }) => ({
            what: `credential ${value.split(':')[0]}`,
            access: 'read' as const,
            because: key,
          })),
        ),
      ],
      traits: [
        ...handed.flatMap((setting) => settingTraits(setting, tools)),
        ...(user === 'root' && !isNarrow
          ? [{ trait: 'account:runs-as-root', detail: start.value.split(/\s/)[0] ?? 'it', where: file.at(start.line) }]
          : []),
      ],
    },
  ]
}

// `Environment="A=b c" D=e`: several in one line, each quoted as a whole.
const assignmentsIn = (text: string): { name: string; value: string }[] =>
  [...text.matchAll(/"([^"]{1,4000})"|'([^']{1,4000})'|(\S{1,4000})/g)].flatMap(([, double, single, plain]) => {
    const word = double ?? single ?? plain ?? ''
    const at = word.indexOf('=')
    return at > 0 ? [{ name: word.slice(0, at), value: word.slice(at + 1).replace(/^"|"$/g, '') }] : []
  })

import type { SeenInExport } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Sighting } from '../../report.ts'
import type { Fact, SourceTools } from '../../source.ts'
import { argumentSettings, shellWords } from '../argument-settings.ts'
import { type ProgramSetting, settingReaches, settingTraits } from '../settings.ts'
import { linesOf } from './lines.ts'

/** A service that a machine runs: its user, and what it is handed, systemd.service(5) and systemd.exec(5). */
export const systemdUnit = (file: ScannedFile, tools: SourceTools): SeenInExport[] => {
  const values = valuesIn(file)
  const start = lastOf(values, 'ExecStart')
  if (!start) return []
  const user = userOf(values) ?? (OF_PEOPLE.test(file.repositoryPath) ? 'whoever signs in' : 'root')
  const seen = seenUnit(file, file.repositoryPath, start.line, `runs as ${user}`, values)
  const handed = [...settingsIn(file, values), ...argumentSettings(shellWords(start.value), file.at(start.line))]
  const isNarrow = ['NoNewPrivileges', 'ProtectSystem', 'CapabilityBoundingSet', 'SystemCallFilter'].some((key) =>
    values.has(key),
  )
  const program = start.value.split(/\s/)[0] ?? 'it'
  return [
    {
      ...seen,
      traits: [
        ...handed.flatMap((setting) => settingTraits(setting, tools)),
        ...(user === 'root' && !isNarrow ? [{ trait: AS_ROOT, detail: program, where: file.at(start.line) }] : []),
      ],
    },
  ]
}

/** What is set of a service beside its own file: `NAME.service.d/*.conf`, systemd.unit(5). */
export const systemdDropIn = (file: ScannedFile, tools: SourceTools): { seen: SeenInExport[]; facts: Fact[] } => {
  const values = valuesIn(file)
  if (values.size === 0) return { seen: [], facts: [] }
  const unit = file.repositoryPath.slice(0, file.repositoryPath.lastIndexOf('.d/'))
  const [first] = values.values()
  const line = first?.[0]?.line ?? 1
  const user = userOf(values)
  const seen = seenUnit(
    file,
    unit,
    line,
    `${file.baseName} changes it${user === undefined ? '' : `: runs as ${user}`}`,
    values,
  )
  const traits = settingsIn(file, values).flatMap((setting) => settingTraits(setting, tools))
  const fields = { unit: seen.key, user: user ?? '' }
  return {
    seen: [{ ...seen, traits }],
    facts: user === undefined ? [] : [{ type: RUNS_AS, fields, where: file.at(line) }],
  }
}

/** Services that a file beside theirs gives another user than root. */
export const relateUnits = (sightings: readonly Sighting[], facts: readonly Fact[]): readonly Sighting[] => {
  const users = new Map(facts.flatMap(({ type, fields }) => (type === RUNS_AS ? [[fields.unit, fields.user]] : [])))
  return sightings.flatMap((sighting) => {
    const user = users.get(sighting.stableKey)
    if (user === undefined || user === 'root') return []
    return [{ ...sighting, traits: sighting.traits.filter(({ trait }) => trait !== AS_ROOT) }]
  })
}

// systemd.unit(5): units of people's own managers lie in folders called so.
const OF_PEOPLE = /(?:^|\/)systemd(?:\/|-)user(?:\/|$)/
const RUNS_AS = 'systemd:runs-as'
const AS_ROOT = 'account:runs-as-root'

type Values = ReadonlyMap<string, readonly { readonly value: string; readonly line: number }[]>

// The settings of the section `Service`; a line that ends with a backslash goes on.
const valuesIn = (file: ScannedFile): Values => {
  const values = new Map<string, { value: string; line: number }[]>()
  let section = ''
  let open: { value: string; line: number } | undefined
  for (const { text, line } of linesOf(file)) {
    if (/^[#;]/.test(text)) continue
    const rest = text.endsWith('\\') ? text.slice(0, -1).trimEnd() : text
    const at = rest.indexOf('=')
    if (open) open.value = `${open.value} ${rest}`.slice(0, VALUE_CHARS_MAX)
    else if (/^\[\w{1,40}\]$/.test(text)) section = text.slice(1, -1)
    else if (at > 0 && section === 'Service') {
      const key = rest.slice(0, at).trim()
      const value = { value: rest.slice(at + 1).trim(), line }
      values.set(key, [...(values.get(key) ?? []), value])
      open = value
    }
    if (rest === text) open = undefined
  }
  return values
}

const VALUE_CHARS_MAX = 16_384

const lastOf = (values: Values, key: string) => values.get(key)?.at(-1)

const userOf = (values: Values): string | undefined => {
  const isDynamic = /^(?:yes|true|1|on)$/i.test(lastOf(values, 'DynamicUser')?.value ?? '')
  return lastOf(values, 'User')?.value ?? (isDynamic ? 'a user of its own' : undefined)
}

const settingsIn = (file: ScannedFile, values: Values): ProgramSetting[] =>
  (values.get('Environment') ?? []).flatMap(({ value, line }) =>
    assignmentsIn(value).map(({ name, value: text }) => ({ name, value: text, where: file.at(line) })),
  )

const seenUnit = (
  file: ScannedFile,
  path: string,
  line: number,
  evidence: string,
  values: Values,
): SeenInExport & { readonly key: string } => ({
  kind: 'service',
  name: `service ${path.slice(path.lastIndexOf('/') + 1).replace(/\.service$/, '')}`,
  key: `systemd:${file.repository}:${path}`,
  line,
  evidence,
  reaches: [
    ...settingsIn(file, values).flatMap(settingReaches),
    ...(values.get('EnvironmentFile') ?? []).map(({ value }) => ({
      what: `settings in ${value.replace(/^-/, '')}`,
      access: 'read' as const,
      because: 'EnvironmentFile',
    })),
    ...['LoadCredential', 'LoadCredentialEncrypted'].flatMap((key) =>
      (values.get(key) ?? []).map(({ value }) => ({
        what: `credential ${value.split(':')[0]}`,
        access: 'read' as const,
        because: key,
      })),
    ),
  ],
})

// `Environment="A=b c" D=e`: several in one line, each quoted as a whole.
const assignmentsIn = (text: string): { name: string; value: string }[] =>
  [...text.matchAll(/"([^"]{1,4000})"|'([^']{1,4000})'|(\S{1,4000})/g)].flatMap(([, double, single, plain]) => {
    const word = double ?? single ?? plain ?? ''
    const at = word.indexOf('=')
    return at > 0 ? [{ name: word.slice(0, at), value: word.slice(at + 1).replace(/^"|"$/g, '') }] : []
  })

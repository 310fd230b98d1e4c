import { linkSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A folder of made-up files, the same in every run: code, settings, logs and prose, with a secret in one of forty. */
export const writeMixedTree = (folder: string, { files, bytesEach }: { files: number; bytesEach: number }): number => {
  const next = numbers(20_261_127)
  let bytes = 0
  for (let at = 0; at < files; at += 1) {
    const [extension, line] = FORMS[at % FORMS.length] ?? FORMS[0]
    const lines: string[] = []
    let length = 0
    // Sizes as in a repository: many small files, a few large ones.
    const wanted = bytesEach * (at % 20 === 0 ? 8 : 0.4 + next() * 0.8)
    while (length < wanted) {
      const text = line(next)
      lines.push(text)
      length += text.length + 1
    }
    if (at % 40 === 0) lines.splice(Math.floor(next() * lines.length), 0, secretLine(next))
    const text = `${lines.join('\n')}\n`
    const directory = join(folder, `part-${Math.floor(at / 200)}`)
    if (at % 200 === 0) mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, `file-${at}.${extension}`), text)
    bytes += text.length
  }
  return bytes
}

/** Many names for few files: a folder that reads as large as wanted, and takes little of the disk. */
export const writeLargeTree = (folder: string, wantedBytes: number): number => {
  const kept = join(folder, 'kept')
  const bytes = writeMixedTree(kept, { files: KEPT_FILES, bytesEach: 260_000 })
  const times = Math.max(1, Math.round(wantedBytes / bytes))
  for (let time = 1; time < times; time += 1) {
    const directory = join(folder, `more-${time}`)
    mkdirSync(directory)
    for (let at = 0; at < KEPT_FILES; at += 1) {
      const [extension] = FORMS[at % FORMS.length] ?? FORMS[0]
      linkSync(join(kept, 'part-0', `file-${at}.${extension}`), join(directory, `file-${at}.${extension}`))
    }
  }
  return bytes * times
}

const KEPT_FILES = 80

type Next = () => number

// A linear congruence: chance that is the same everywhere.
const numbers = (seed: number): Next => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const WORDS = (
  'account action actor amount answer article batch block body book branch buffer build button card cart case cell chart city ' +
  'client code column color config content count country course currency customer cursor date day delivery depth device ' +
  'discount document door draft edge email engine entry error event export field file filter folder form frame game graph ' +
  'group guest handler header height history host hour icon image import index input invoice item job key label language ' +
  'layer layout letter level limit line link list loader lock log mail manager map margin menu message method metric mode ' +
  'model module month name network node note number object offer offset option order owner page panel paper parent part ' +
  'password path payment person phone place plan player point policy position price process product profile project queue ' +
  'range rate reader record region report request response result review role room route row rule sale sample scale schema ' +
  'scope score screen search season section secret sensor server session shape shop signal size slot source stage state ' +
  'station step stock store story stream style table tag target task team term test text theme thread ticket time title ' +
  'token tool total trace track train tree trip type unit update user value version video view visit wait wall week window'
).split(' ')
const word = (next: Next): string => WORDS[Math.floor(next() * WORDS.length)] ?? 'word'
const hex = (next: Next, length: number): string =>
  Array.from({ length }, () => Math.floor(next() * 16).toString(16)).join('')
const capital = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}`

const FORMS: readonly [readonly [string, (next: Next) => string], ...(readonly [string, (next: Next) => string])[]] = [
  [
    'ts',
    (next) =>
      `  const ${word(next)}${capital(word(next))} = await ${word(next)}.${word(next)}(${word(next)}, { ${word(next)}: ${Math.floor(next() * 900)} })`,
  ],
  [
    'json',
    (next) =>
      `  "${word(next)}_${word(next)}": { "${word(next)}": "${word(next)}-${hex(next, 8)}", "${word(next)}": ${next() > 0.5} },`,
  ],
  ['py', (next) => `    self.${word(next)}_${word(next)} = ${word(next)}["${word(next)}"] if ${word(next)} else None`],
  ['yaml', (next) => `  ${word(next)}-${word(next)}: https://${word(next)}.example.com/${word(next)}/${word(next)}`],
  [
    'log',
    (next) =>
      `2026-11-27T10:${10 + Math.floor(next() * 49)}:00Z INFO ${word(next)} request=${hex(next, 32)} ${word(next)}_ms=${Math.floor(next() * 999)}`,
  ],
  [
    'md',
    (next) =>
      `The ${word(next)} of a ${word(next)} is its ${word(next)}: see the ${word(next)} ${word(next)} and the ${word(next)}.`,
  ],
]

// Of the forms that both programs know.
const secretLine = (next: Next): string => {
  const letters = (length: number): string =>
    Array.from(
      { length },
      () => 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789'[Math.floor(next() * 56)],
    ).join('')
  return next() > 0.5
    ? `# ${'gh'}p_${letters(36)}`
    : `url: postgres://app:${letters(14)}@db.internal:5432/${word(next)}`
}

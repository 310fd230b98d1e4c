import type { ScannedFile } from '../../file.ts'
import { readJson } from '../../json-file.ts'
import type { YamlValue } from '../../yaml-file.ts'

/** A text that somebody wrote in a wiki or a chat, as they wrote it, and where a person finds it there. */
export interface ToldText {
  readonly text: string
  /** Of the file of the export. */
  readonly line: number
  readonly place: string
}

/**
 * The texts of an export of Confluence (XML or HTML) or Slack, without the escapes and the markup of the export, which hide
 * secrets or are taken for parts of them. `undefined` for any other file, and for one that is not as it should be.
 */
export const toldTexts = (file: ScannedFile): readonly ToldText[] | undefined => {
  if (file.extension === 'json') return DAY.test(file.path) ? slackDay(file) : undefined
  if (file.extension === 'xml')
    return file.bytes.includes('class="BodyContent"') ? confluenceXml(file.text()) : undefined
  if (file.extension === 'html')
    return file.bytes.includes('id="main-content"') ? confluencePage(file.text()) : undefined
  return undefined
}

// `general/2026-01-31.json`: the messages of a channel on a day.
const DAY = /(?:^|\/)([^/]{1,100})\/(\d{4}-\d\d-\d\d)\.json$/

const slackDay = (file: ScannedFile): readonly ToldText[] | undefined => {
  const [, channel = '', day = ''] = DAY.exec(file.path) ?? []
  const { root } = readJson(file)
  const messages = root?.isList ? root.items() : []
  if (!messages.some((message) => message.get('type')?.text === 'message' && message.get('ts')?.text !== undefined))
    return undefined
  return messages.flatMap((message) => {
    const ts = message.get('ts')?.text ?? ''
    const time = /^\d{9,11}/.test(ts) ? ` at ${new Date(Number(ts) * 1000).toISOString().slice(11, 16)} UTC` : ''
    const who = message.get('user_profile')?.get('real_name')?.text ?? message.get('user')?.text ?? ''
    const place = `a message${who === '' ? '' : ` of ${who}`} in the channel #${channel} on ${day}${time}`
    return textsIn(message).map(({ text, line }) => ({ text, line, place }))
  })
}

// The text of a message, its blocks and what is attached, with its name: each once, for blocks repeat the text.
const textsIn = (message: YamlValue): readonly { text: string; line: number }[] => {
  const texts = new Map<string, { text: string; line: number }>()
  const left: { key: string; value: YamlValue }[] = [{ key: '', value: message }]
  for (let next = left.pop(); next; next = left.pop()) {
    const { key, value } = next
    const { text, line } = value
    // Slack writes `&`, `<` and `>` as entities, whatever the form of an export.
    if (text !== undefined && !texts.has(text)) texts.set(text, { text: `${key}: ${withoutEntities(text)}`, line })
    for (const item of value.items().toReversed()) left.push({ key, value: item })
    for (const entry of value.entries().toReversed()) left.push({ key: entry.key, value: entry.value })
  }
  return [...texts.values()]
}

const confluencePage = (html: string): readonly ToldText[] | undefined => {
  const title = /<title>([^<]{1,300})<\/title>/.exec(html)?.[1]
  if (title === undefined) return undefined
  const [space = '', ...rest] = withoutEntities(title).split(' : ')
  const page = rest.join(' : ').trim()
  const place = page === '' ? `the page ${space.trim()}` : `the page ${page} of the space ${space.trim()}`
  return [{ text: withoutMarkup(html), line: 1, place }]
}

interface ConfluenceObject {
  readonly type: string
  readonly text: string
  readonly line: number
}

const confluenceXml = (xml: string): readonly ToldText[] => {
  const objects = objectsOf(xml)
  const nameOf = new Map<string, string>()
  for (const { type, text } of objects)
    if (type === 'Space') nameOf.set(idOf(text), propertyOf(text, 'name') || propertyOf(text, 'key'))
  const placeOf = new Map<string, string>()
  for (const { type, text } of objects) {
    const title = propertyOf(text, 'title')
    if (title === '') continue
    const space = nameOf.get(referenceOf(text, 'space')) ?? ''
    const what = type === 'BlogPost' ? 'the blog post' : 'the page'
    placeOf.set(idOf(text), `${what} ${title}${space === '' ? '' : ` of the space ${space}`}`)
  }
  return objects.map(({ type, text, line }) => {
    // Settings and the like hold secrets as well, in markup that says their names.
    if (type !== 'BodyContent') return { text, line, place: `what is no page of the export (${type || 'its head'})` }
    const place = placeOf.get(referenceOf(text, 'content')) ?? 'a text that belongs to no page'
    return { text: withoutMarkup(text), line, place }
  })
}

const objectsOf = (xml: string): readonly ConfluenceObject[] => {
  let line = 1
  return xml.split('<object ').map((text) => {
    const object = { type: /^class="(\w{1,60})"/.exec(text)?.[1] ?? '', text, line }
    line += newlinesIn(text)
    return object
  })
}

const idOf = (text: string): string => /<id name="id">(\d{1,20})<\/id>/.exec(text)?.[1] ?? ''

const propertyOf = (text: string, name: string): string => {
  const at = text.indexOf(`<property name="${name}">`)
  const value =
    at === -1 ? undefined : /^[^>]{1,80}>(?:<!\[CDATA\[)?([^<\]]{0,300})/.exec(text.slice(at, at + 500))?.[1]
  return withoutEntities(value ?? '').trim()
}

const referenceOf = (text: string, name: string): string => {
  const at = text.indexOf(`<property name="${name}" class=`)
  return at === -1 ? '' : idOf(text.slice(at, at + 300))
}

// Comments stay, and where links lead, each on its line.
const withoutMarkup = (text: string): string =>
  withoutEntities(
    text.replace(/<[^<>]{0,2000}>/g, (tag) => {
      if (tag.startsWith('<!--')) return ` ${tag.slice(4)}`
      const link = /(?:href|src|value)="([^"\n]{1,1000})"/.exec(tag)?.[1] ?? ''
      return ` ${link}${'\n'.repeat(newlinesIn(tag))} `
    }),
  )

const withoutEntities = (text: string): string =>
  text.replace(/&(#\d{1,6}|#x[0-9a-fA-F]{1,5}|[a-z]{2,6});/g, (whole, name: string) => {
    if (name.startsWith('#x')) return characterOf(Number.parseInt(name.slice(2), 16))
    return name.startsWith('#') ? characterOf(Number(name.slice(1))) : (ENTITIES.get(name) ?? whole)
  })

const characterOf = (code: number): string => (code === 10 || code > 0x10ffff ? ' ' : String.fromCodePoint(code))

const ENTITIES = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
])

const newlinesIn = (text: string): number => text.split('\n').length - 1

import type { ScannedFile } from '../../file.ts'
import type { Source, SourceAnswer } from '../../source.ts'
import { ciJobSightings, type Place, rolesIn, type SeenJob } from '../ci-job.ts'
import { groovyPieces, type Piece } from './groovy.ts'

/** Jenkinsfiles: each pipeline is an identity, with the credentials that Jenkins hands it. */
export const jenkinsSource: Source = {
  name: 'jenkins',
  wants: (file) =>
    /^jenkinsfile(?:[.-]|$)/i.test(file.baseName) ||
    file.extension === 'jenkinsfile' ||
    isSharedStep(file) ||
    (file.extension === 'groovy' && file.bytes.includes('pipeline {') && file.bytes.includes('agent ')),
  read(file): SourceAnswer {
    const pieces = groovyPieces(file.text())
    const isPipeline = pieces.some(
      ({ type, text }) => type === 'code' && /\b(?:pipeline|node|stage|library|@Library|\w{2,60}Pipeline)\b/.test(text),
    )
    if (!isPipeline && !isSharedStep(file)) return { sightings: [], problems: [] }
    return { sightings: ciJobSightings(seenJob(pieces, file), file), problems: [] }
  },
}

// A step of a shared library (`vars/deploy.groovy`) that is handed something: it runs in every pipeline that calls it.
const isSharedStep = (file: ScannedFile): boolean =>
  /(?:^|\/)vars\/\w{1,100}\.groovy$/.test(file.repositoryPath) &&
  (file.bytes.includes('redentials') || file.bytes.includes('withAWS') || file.bytes.includes('library'))

const seenJob = (pieces: readonly Piece[], file: ScannedFile): SeenJob => {
  const named = pieces.flatMap((piece, at) => literalOf(pieces, piece, at))
  const code = pieces.filter(({ type }) => type === 'code')
  const texts = named.map(({ text, line }) => ({ name: text, line }))
  const credentials = named.flatMap((one) => (isCredential(one.before) ? [{ name: one.text, line: one.line }] : []))
  const found = (form: RegExp, name: string): Place[] =>
    code.flatMap(({ text, line }) => {
      const match = form.exec(text)
      return match ? [{ name, line: line + linesBefore(text, match.index) }] : []
    })
  return {
    system: 'jenkins',
    name: file.baseName,
    line: 1,
    pipeline: file.repositoryPath.split('/').slice(0, -1).join('/'),
    evidence: isSharedStep(file)
      ? `the step ${file.baseName.replace(/\.groovy$/, '')} of a shared library, which runs in the pipelines that name it`
      : `pipeline ${file.repositoryPath}`,
    environment: named.flatMap(({ before, text }) => (/\bstage\($/.test(before) ? [text] : [])).join(' '),
    secrets: credentials,
    staticKeys: named
      .filter(({ before }) => STATIC.test(before))
      .map(({ text, line }) => ({ name: text, line, provider: 'aws' })),
    oidc: [],
    roles: [...texts.flatMap(rolesIn), ...rolesOfSteps(named)],
    unpinned: librariesOf(named),
    // Whoever may comment starts it, with all that the pipeline is handed.
    untrustedTriggers: found(/\bissueCommentTrigger\s{0,4}\(/, 'issue comment'),
    outsideTriggers: found(
      /\bchangeRequest\s{0,4}\(|\bgithubPullRequests?\b|\bghprb\w{0,30}\b|\bCHANGE_ID\b/,
      'change request',
    ),
    untrustedInputs: named
      .filter(({ isInterpolated, before }) => isInterpolated && SCRIPT.test(before))
      .flatMap(untrustedInputsIn),
    ownMachines: agentsOf(named, code),
    automaticToken: '',
  }
}

/** A literal with the code in front of it, as far as it says what the literal is. */
interface Literal extends Piece {
  readonly before: string
}

const BEFORE_CHARS = 200

const literalOf = (pieces: readonly Piece[], piece: Piece, at: number): Literal[] => {
  if (piece.type !== 'text') return []
  let before = ''
  // Literals on the way count as a mark, so that `[$class: 'X', credentialsId: 'y']` reads as one.
  for (let back = at - 1; back >= 0 && before.length < BEFORE_CHARS; back -= 1) {
    const one = pieces[back]
    before = (one?.type === 'code' ? one.text : `'${one?.text.slice(0, 80)}'`) + before
  }
  return [{ ...piece, before: withoutItems(tidy(before.slice(-BEFORE_CHARS))) }]
}

// One blank between two words and none elsewhere, so that no pattern has to think of them.
const tidy = (code: string): string => code.replaceAll(/\s+/g, ' ').replaceAll(/ ?([^\w ]) ?/g, '$1')

// The items of a list in front of this one: what is said before the list is said of each.
const withoutItems = (code: string): string => {
  let rest = code
  while (rest.endsWith("',")) {
    const start = rest.lastIndexOf("'", rest.length - 3)
    if (start <= 0 || (rest[start - 1] !== '[' && rest[start - 1] !== ',')) break
    rest = rest.slice(0, start)
  }
  return rest
}

// `credentials('x')`, `credentialsId: 'x'`, `withAWS(credentials: 'x')`, `sshagent(credentials: ['x'])`.
const CREDENTIALS = [
  /\b(?:credentials|credentialsId)(?:\(|:|:\[| )$|\bsshagent\(?\[$|\bazureServicePrincipal\($/,
  /Credentials?Id(?:\(|:|:\[| )$/,
  /\bhttpRequest[( ][^()]{0,150}\bauthentication:$/,
  /\bwithRegistry\([^()]{0,150},$/,
]
const isCredential = (before: string): boolean => CREDENTIALS.some((pattern) => pattern.test(before))
// A key of AWS that Jenkins keeps, by the binding's name or by the step of its plugin.
const STATIC =
  /AmazonWebServicesCredentialsBinding',[^\][]{0,100}\bcredentialsId:$|\baws\([^()]{0,100}credentialsId:$|\bwithAWS\([^()]{0,100}credentials:$/
const SCRIPT = /\b(?:sh|bat|powershell|pwsh)[ (]?(?:script:)?$/

// The plugin takes a name and an account as well as an ARN, in either order.
const rolesOfSteps = (named: readonly Literal[]): Place[] =>
  named.flatMap(({ before, text, line }, at) => {
    if (!/\bwithAWS\([^()]{0,150}\brole:$/.test(before) || text.startsWith('arn:')) return []
    const account = named.slice(Math.max(0, at - 3), at + 4).find((other) => /\broleAccount:$/.test(other.before))?.text
    return account === undefined ? [] : [{ name: `arn:aws:iam::${account}:role/${text}`, line }]
  })

// A library is a git repository: only a commit cannot be moved, and without a version it is what Jenkins is set to.
const librariesOf = (named: readonly Literal[]): Place[] =>
  named.flatMap(({ before, text, line }) => {
    if (!LIBRARY.test(before)) return []
    const ref = text.split('@')[1] ?? ''
    return /^[0-9a-f]{40}$/i.test(ref) ? [] : [{ name: `library ${text}`, line }]
  })

const LIBRARY = /@Library\((?:value=)?\[?$|(?:^|[ ;)}])library[ (](?:identifier:)?$/

// Every agent is a machine of the organisation's own, which one run leaves to the next; a container is not.
const agentsOf = (named: readonly Literal[], code: readonly Piece[]): Place[] => {
  const labels = named.filter(({ before }) => /\blabel ?$|\bnode\($/.test(before))
  if (labels.length > 0) return labels.map(({ text, line }) => ({ name: text, line }))
  const any = code.find(({ text }) => /\bagent\s{1,4}any\b|\bnode\s{0,4}\{/.test(text))
  return any ? [{ name: 'any', line: any.line }] : []
}

const untrustedInputsIn = ({ text, line }: Literal): Place[] =>
  [...text.matchAll(TAKEN_IN)].map((match) => ({
    name: `env.${match[1]}`,
    line: line + linesBefore(text, match.index),
  }))

// Texts that whoever opens a change request chooses.
const TAKEN_IN =
  /\$\{?(?:env\.)?(CHANGE_(?:TITLE|BRANCH|AUTHOR(?:_DISPLAY_NAME)?|FORK)|BRANCH_NAME|TAG_NAME|ghprb\w{1,40}(?:Title|Body|Branch))\b/g

const linesBefore = (text: string, at: number): number => {
  let count = 0
  for (let end = text.indexOf('\n'); end !== -1 && end < at; end = text.indexOf('\n', end + 1)) count += 1
  return count
}

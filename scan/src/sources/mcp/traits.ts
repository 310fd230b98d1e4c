import type { ScannedFile } from '../../file.ts'
import type { Trait } from '../../report.ts'
import type { SourceTools } from '../../source.ts'
import { isAuthorization, namedArguments } from '../named-arguments.ts'
import { type ProgramSetting, settingTraits } from '../settings.ts'
import type { McpServer, Placed } from './configuration.ts'
import { baseOf, packageOf, SHELLS } from './package.ts'

/** The named values that a server is started or called with: its environment, its headers, its arguments. */
export const settingsOf = (server: McpServer, file: ScannedFile): ProgramSetting[] => [
  ...server.env.map(({ name, text, line }) => ({ name, value: text, where: file.at(line) })),
  ...server.headers.map(({ name, text, line }) => ({
    name: isAuthorization(name) ? `${name} token` : name,
    value: text.replace(/^(?:Bearer|Basic|Token|ApiKey)\s{1,5}/i, ''),
    where: file.at(line),
  })),
  ...namedArguments(server.args).map(({ name, text, line }) => ({ name, value: text, where: file.at(line) })),
  ...urlParameters(server.url).map(({ name, text, line }) => ({ name, value: text, where: file.at(line) })),
]

const urlParameters = (url: Placed | undefined): (Placed & { name: string })[] => {
  const query = url?.text.split('?', 2)[1]
  return (query ?? '').split('&').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at > 0 && url ? [{ name: pair.slice(0, at), text: pair.slice(at + 1), line: url.line }] : []
  })
}

/** The credentials that a server is handed in plain text, and those of people. */
export const credentialTraits = (server: McpServer, file: ScannedFile, tools: SourceTools): Trait[] => [
  ...settingsOf(server, file).flatMap((setting) => settingTraits(setting, tools)),
  ...server.env
    .filter(({ name }) => PERSONAL.test(name))
    .map(({ name, line }) => ({ trait: 'mcp:personal-token', detail: name, where: file.at(line) })),
]

const PERSONAL = /(?:^|_)(?:PAT|PERSONAL_ACCESS_TOKEN|PERSONAL_TOKEN|PERSONAL_API_KEY)$/i

/** What else is remarkable about a server: what it runs, and how far it reaches. */
export const reachTraits = (server: McpServer, file: ScannedFile): Trait[] => {
  const trait = (name: string, detail: string, line: number, more: Partial<Trait> = {}): Trait => ({
    trait: `mcp:${name}`,
    detail,
    where: file.at(line),
    ...more,
  })
  const fetched = packageOf(server)
  const { url, args, name, line } = server
  const identifiers = `${name} ${fetched?.text ?? ''} ${fetched ? '' : server.command}`.toLowerCase()
  const words = new Set(identifiers.split(/[^a-z]+/))
  const isFiles = words.has('filesystem') || words.has('files')
  return [
    ...(fetched && !fetched.isPinned ? [trait('unpinned-package', fetched.text, fetched.line)] : []),
    ...(url && isPlainHttp(url.text) ? [trait('plain-http', hostOf(url.text), url.line)] : []),
    ...(SHELL_WORDS.some((word) => words.has(word)) ? [trait('shell-reach', name, line)] : []),
    ...(runsFetchedScript(server) ? [trait('piped-script', name, line)] : []),
    ...(isFiles ? args : [])
      .filter(({ text }) => /^(?:[/~]|[A-Za-z]:[\\/]|\$\{)/.test(text))
      .map(({ text, line: at }) =>
        trait('file-reach', text, at, WHOLE_DISK.test(text) ? { severity: 'high' } : { severity: 'low' }),
      ),
    ...args
      .filter(({ text }) => /docker\.sock|podman\.sock/.test(text) || text === '--privileged' || WHOLE_MOUNT.test(text))
      .map(({ text, line: at }) => trait('host-reach', text, at)),
  ]
}

// Servers whose purpose is to run what they are told; one word of their names says so.
const SHELL_WORDS = [
  ...['shell', 'terminal', 'bash', 'powershell', 'commander', 'exec', 'ssh', 'subprocess', 'iterm', 'tmux'],
]
const WHOLE_DISK =
  /^(?:\/|~\/?|[A-Za-z]:[\\/]?|\/(?:Users|home)(?:\/[^/]{1,60})?\/?|\/root\/?|\/etc\/?|\$\{(?:env:)?(?:HOME|userHome)\}\/?)$/
const WHOLE_MOUNT = /^(?:--volume=|-v=?)?\/:\/|^type=bind,(?:source|src)=\/,/

const runsFetchedScript = ({ command, args }: McpServer): boolean =>
  SHELLS.has(baseOf(command)) &&
  args.some(
    ({ text }) => /\b(?:curl|wget|iwr)\b/.test(text) && /\|\s{0,5}(?:sudo\s{1,5})?(?:ba|z)?sh\b|\biex\b/.test(text),
  )

const isPlainHttp = (url: string): boolean =>
  /^http:\/\//i.test(url) &&
  !/^(?:localhost|127\.[\d.]{1,12}|\[::1\]|host\.docker\.internal|0\.0\.0\.0|[\w-]{1,60}\.localhost)$/.test(hostOf(url))

const hostOf = (url: string): string =>
  /^[a-z]{1,10}:\/\/(?:[^/@\s]{0,200}@)?(\[[\da-f:]{2,40}\]|[\w.-]{1,200})/i.exec(url)?.[1]?.toLowerCase() ?? ''

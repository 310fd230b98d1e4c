import type { ScannedFile } from '../../file.ts'
import type { YamlValue } from '../../yaml-file.ts'

/** A server as the configuration of an MCP client names it. */
export interface McpServer {
  readonly name: string
  readonly line: number
  /** Empty for a server that is reached by its URL. */
  readonly command: string
  readonly args: readonly Placed[]
  readonly url: Placed | undefined
  readonly env: readonly Named[]
  readonly headers: readonly Named[]
  /** Where the client is told to run its tools without asking; all of them, or those named. */
  readonly unasked: Placed | undefined
}

export interface Placed {
  readonly text: string
  readonly line: number
}

export interface Named extends Placed {
  readonly name: string
}

/** Which program reads a configuration file, by where it lies. */
export const clientOf = ({ repositoryPath, baseName }: ScannedFile): string => {
  const path = `/${repositoryPath}`
  return (
    CLIENTS.find(([place]) => place.test(path))?.[1] ?? (baseName === '.mcp.json' ? 'Claude Code' : 'an MCP client')
  )
}

const CLIENTS: readonly (readonly [RegExp, string])[] = [
  [/\/claude_desktop_config\.json$/, 'Claude Desktop'],
  [/\/\.claude(?:\.json$|\/)/, 'Claude Code'],
  [/\/\.cursor\//, 'Cursor'],
  [/\/\.vscode\/|\.code-workspace$/, 'VS Code'],
  [/\/mcp_config\.json$|\/\.(?:codeium|windsurf)\//, 'Windsurf'],
  [/\/\.gemini\//, 'Gemini CLI'],
  [/\/cline_mcp_settings\.json$/, 'Cline'],
  [/\/\.roo\//, 'Roo Code'],
  [/\/goose\/config\.ya?ml$/, 'Goose'],
  [/\/\.continue\//, 'Continue'],
]

/** Whether a file is for MCP clients alone, so that it must have servers. */
export const isOnlyForServers = ({ baseName }: ScannedFile): boolean =>
  /^\.?mcp(?:[-_](?:config|settings))?\.json$|^cline_mcp_settings\.json$/.test(baseName)

/** The servers of a configuration, in whichever of the forms it has them; `undefined` when it has none of them. */
export const serversIn = (root: YamlValue, file: ScannedFile): readonly McpServer[] | undefined => {
  const projects = root.get('projects')?.entries() ?? []
  const maps = [
    root.get('mcpServers'),
    root.get('mcp')?.get('servers'),
    // Amp, Zed, development containers; OpenCode has its servers in `mcp` itself.
    root.get('amp.mcpServers'),
    root.get('context_servers'),
    root.get('customizations')?.get('vscode')?.get('mcp')?.get('servers'),
    ...(isOfOpenCode(root) ? [root.get('mcp')] : []),
    root.get('mcp.servers'),
    root.get('settings')?.get('mcp')?.get('servers'),
    // Claude Code keeps those of each folder beside those of its user.
    ...projects.map(({ value }) => value.get('mcpServers')),
    ...(isOnlyForServers(file) ? [root.get('servers')] : []),
    ...(isOfGoose(root) ? [root.get('extensions')] : []),
  ].filter((map) => map?.isMap)
  const listed = root.get('mcpServers')?.isList ? root.get('mcpServers')?.items() : undefined
  if (maps.length === 0 && listed === undefined) return undefined
  return [
    ...maps.flatMap((map) => map?.entries() ?? []),
    // Continue has a list, in which each says its name.
    ...(listed ?? []).map((value) => ({ key: value.get('name')?.text ?? 'unnamed', line: value.line, value })),
  ]
    .filter(({ value }) => value.isMap && value.get('type')?.text !== 'builtin')
    .slice(0, SERVERS_MAX)
    .map(({ key, line, value }) => serverOf(key, line, value))
}

const isOfGoose = (root: YamlValue): boolean =>
  root
    .get('extensions')
    ?.entries()
    .some(({ value }) => /^(?:stdio|sse|streamable_http)$/.test(value.get('type')?.text ?? '')) ?? false

const isOfOpenCode = (root: YamlValue): boolean =>
  root
    .get('mcp')
    ?.entries()
    .some(({ value }) => /^(?:local|remote)$/.test(value.get('type')?.text ?? '')) ?? false

const SERVERS_MAX = 1000

const serverOf = (name: string, line: number, given: YamlValue): McpServer => {
  // Older ones of Zed put all that starts it into `command`.
  const value = given.get('command')?.isMap ? (given.get('command') ?? given) : given
  const command = value.get('command') ?? value.get('cmd') ?? value.get('path')
  // Some write the whole command as a list, some as one line.
  const words = command?.isList ? placed(command) : split(command)
  const unasked = UNASKED.map((key) => value.get(key)).find(
    (found) => found?.text === 'true' || (found?.isList && found.items().length > 0),
  )
  return {
    name,
    line,
    command: words[0]?.text ?? '',
    args: [...words.slice(1), ...placed(value.get('args'))].slice(0, ARGS_MAX),
    url: URL_KEYS.map((key) => placedOf(value.get(key))).find((url) => url !== undefined),
    env: named(value.get('env') ?? value.get('envs') ?? value.get('environment')),
    headers: [...named(value.get('headers')), ...named(value.get('requestInit')?.get('headers'))],
    unasked: unasked && {
      text: unasked.isList
        ? unasked
            .items()
            .map(({ text }) => text ?? '')
            .slice(0, 10)
            .join(', ')
        : 'all tools',
      line: unasked.line,
    },
  }
}

const ARGS_MAX = 500
const URL_KEYS = ['url', 'serverUrl', 'httpUrl', 'uri']
const UNASKED = ['autoApprove', 'alwaysAllow', 'trust']

const placedOf = (value: YamlValue | undefined): Placed | undefined =>
  value?.text === undefined ? undefined : { text: value.text, line: value.textLine }

const placed = (list: YamlValue | undefined): Placed[] => (list?.items() ?? []).flatMap((item) => placedOf(item) ?? [])

const split = (value: YamlValue | undefined): Placed[] => {
  const text = value?.text?.trim() ?? ''
  // A path may have blanks in it: what is no bare word is one word.
  const words = /^[\w@.-]+ /.test(text) ? text.split(/\s+/) : [text]
  return words.filter((word) => word !== '').map((word) => ({ text: word, line: value?.line ?? 1 }))
}

// A map, or a list of `NAME: value` or `NAME=value`.
const named = (value: YamlValue | undefined): Named[] => {
  if (value?.isMap) {
    return value.entries().flatMap(({ key, value: inner }) => {
      const found = placedOf(inner)
      return found ? [{ name: key, ...found }] : []
    })
  }
  return placed(value).flatMap(({ text, line }) => {
    const at = text.search(/[:=]/)
    return at === -1 ? [] : [{ name: text.slice(0, at).trim(), text: text.slice(at + 1).trim(), line }]
  })
}

import { guessEnvironment } from '../../environment.ts'
import type { ScannedFile } from '../../file.ts'
import { readJson } from '../../json-file.ts'
import type { Reach } from '../../report.ts'
import type { SightingDraft, Source, SourceAnswer, SourceTools } from '../../source.ts'
import { isYaml, readYaml } from '../../yaml-file.ts'
import { settingReaches } from '../settings.ts'
import { clientOf, isOnlyForServers, type McpServer, serversIn } from './configuration.ts'
import { packageOf } from './package.ts'
import { credentialTraits, reachTraits, settingsOf } from './traits.ts'

/** Configurations of MCP clients: the client is an agent, and each server that it is given an identity that acts for it. */
export const mcpSource: Source = {
  name: 'mcp',
  wants: (file) =>
    isYaml(file)
      ? (file.bytes.includes('mcpServers:') || TYPES.some((type) => file.bytes.includes(`type: ${type}`))) &&
        YAML_KEYS.test(file.latin1())
      : EXTENSIONS.has(file.extension) && (isOnlyForServers(file) || KEYS.some((key) => file.bytes.includes(key))),
  read(file, tools): SourceAnswer {
    const { root, problems } = isYaml(file)
      ? (readYaml(file).documents.map((root) => ({ root, problems: [] }))[0] ?? NONE)
      : readJson(file)
    if (!root) return { sightings: [], problems }
    const servers = serversIn(root, file)
    if (!servers) {
      const detail = 'no servers in it'
      const isWrong = isOnlyForServers(file)
      return {
        sightings: [],
        problems: isWrong ? [{ path: file.path, reason: 'not-an-mcp-configuration', detail }] : [],
      }
    }
    if (servers.length === 0) return { sightings: [], problems: [] }
    return {
      sightings: [clientSighting(servers, file), ...servers.map((server) => serverSighting(server, file, tools))],
      problems: [],
    }
  },
}

const NONE = { root: undefined, problems: [] }

const EXTENSIONS = new Set(['json', 'jsonc', 'code-workspace'])
// Goose keeps its servers as `extensions`, each with its type; Continue as a list.
const YAML_KEYS = /^(?:mcpServers|extensions):[ \t]{0,8}\r?$/m
const TYPES = ['stdio', 'sse', 'streamable_http']
const KEYS = ['"mcpServers"', '"mcp"', '"mcp.servers"', '"amp.mcpServers"', '"context_servers"']

const clientSighting = (servers: readonly McpServer[], file: ScannedFile): SightingDraft => {
  const client = clientOf(file)
  return {
    kind: 'agent',
    name: `${client} in ${file.repository}/${file.repositoryPath}`,
    stableKey: `mcp-client:${file.repository}:${file.repositoryPath}`,
    where: file.at(servers[0]?.line ?? 1),
    reaches: servers.map(({ name }) => ({ what: `MCP server ${name}`, access: 'unknown', because: file.baseName })),
    evidence: [`${client} is given ${servers.length} servers by ${file.baseName}`],
    environment: guessEnvironment([{ name: file.repositoryPath, what: 'the path' }]),
    traits: servers.flatMap(({ name, unasked }) =>
      unasked
        ? [{ trait: 'mcp:unasked', detail: `${unasked.text} of server ${name}`, where: file.at(unasked.line) }]
        : [],
    ),
  }
}

const serverSighting = (server: McpServer, file: ScannedFile, tools: SourceTools): SightingDraft => ({
  kind: 'integration',
  name: `MCP server ${server.name} in ${file.repository}`,
  stableKey: `mcp:${file.repository}:${file.repositoryPath}#${server.name}`,
  where: file.at(server.line),
  reaches: reachesOf(server, file),
  evidence: [
    `server ${server.name} of ${clientOf(file)}, ${server.url ? 'by its URL' : `started by ${server.command}`}`,
  ],
  environment: guessEnvironment([
    { name: server.name, what: "the server's name" },
    { name: file.repositoryPath, what: 'the path' },
  ]),
  traits: [...credentialTraits(server, file, tools), ...reachTraits(server, file)],
})

const reachesOf = (server: McpServer, file: ScannedFile): Reach[] => {
  const fetched = packageOf(server)
  const url = server.url && settingReaches({ name: 'url', value: server.url.text, where: file.at(server.url.line) })
  return [
    ...(fetched
      ? [{ what: `code of ${fetched.text}`, access: 'unknown', because: 'it is fetched and run' } as const]
      : []),
    ...(url ?? []),
    // What a bridge such as `mcp-remote` speaks to for the client.
    ...server.args
      .filter(({ text }) => /^https?:\/\//.test(text))
      .flatMap(({ text, line }) => settingReaches({ name: 'url', value: text, where: file.at(line) })),
    ...settingsOf(server, file).flatMap(settingReaches),
    ...[...server.env, ...server.headers].flatMap(({ name, text }): Reach[] => {
      const input = inputIn(text)
      return input === undefined ? [] : [{ what: `secret ${input}`, access: 'read', because: name }]
    }),
  ]
}

/** The name of what is put in from outside: `${NAME}`, `${input:NAME}`, `${env:NAME}`, `${NAME:-else}`, `{env:NAME}`. */
const inputIn = (text: string): string | undefined => {
  for (const { 1: inner = '', index } of text.matchAll(/\{([^{}\n]{1,320})\}/g)) {
    const [, of, name] = /^(?:(input|env):)?([\w.-]{1,100})(?::-[^\n]{0,200})?$/.exec(inner) ?? []
    if (name !== undefined && (text[index - 1] === '$' || of === 'env')) return name
  }
  return undefined
}

import type { YamlValue } from '../../yaml-file.ts'
import { commandWords } from '../argument-settings.ts'

/** A compose file, as far as its identities go. */
export interface Stack {
  readonly services: readonly StackService[]
}

/** A word and where it stands. */
export interface Placed {
  readonly text: string
  readonly line: number
}

export interface StackService {
  readonly name: string
  readonly line: number
  readonly image: string
  readonly environment: readonly { readonly name: string; readonly value: string; readonly line: number }[]
  /** What it is started and checked with, as words. */
  readonly commands: readonly { readonly words: readonly string[]; readonly line: number }[]
  readonly envFiles: readonly Placed[]
  readonly secrets: readonly Placed[]
  readonly dependsOn: readonly string[]
  readonly ports: readonly PublishedPort[]
  readonly volumes: readonly Placed[]
  readonly capabilities: readonly Placed[]
  readonly isPrivilegedAt: number | undefined
  /** `network_mode: host` and its kin. */
  readonly hostNamespaces: readonly Placed[]
  readonly labels: ReadonlyMap<string, string>
}

export interface PublishedPort {
  readonly target: number
  /** The address that it listens on; every one when the file names none. */
  readonly address: string
  readonly line: number
}

/** Reads a compose file, in both the short and the long form of everything. */
export const readStack = (root: YamlValue): Stack => ({
  services: (root.get('services')?.entries() ?? [])
    .filter(({ value }) => value.isMap)
    .map(({ key, line, value }) => serviceOf(key, line, value)),
})

const serviceOf = (name: string, line: number, service: YamlValue): StackService => {
  const privileged = service.get('privileged')
  return {
    name,
    line,
    image: service.get('image')?.text ?? '',
    environment: pairsOf(service.get('environment')),
    commands: [service.get('entrypoint'), service.get('command'), service.get('healthcheck')?.get('test')].flatMap(
      (command) => (command === undefined ? [] : [{ words: commandWords(command), line: command.line }]),
    ),
    envFiles: placedOf(service.get('env_file'), 'path'),
    secrets: placedOf(service.get('secrets'), 'source'),
    dependsOn: [
      ...namesOf(service.get('depends_on')),
      ...namesOf(service.get('links')).map((link) => link.split(':')[0] ?? ''),
    ],
    ports: (service.get('ports')?.items() ?? []).flatMap((port) => portOf(port) ?? []),
    volumes: placedOf(service.get('volumes'), 'source'),
    capabilities: placedOf(service.get('cap_add')),
    isPrivilegedAt: privileged?.text === 'true' ? privileged.line : undefined,
    hostNamespaces: ['network_mode', 'pid', 'ipc', 'userns_mode'].flatMap((key) => {
      const value = service.get(key)
      return value?.text === 'host' ? [{ text: `${key}: host`, line: value.line }] : []
    }),
    labels: new Map(pairsOf(service.get('labels')).map(({ name: label, value }) => [label, value])),
  }
}

const pairsOf = (value: YamlValue | undefined): { name: string; value: string; line: number }[] => {
  if (value?.isMap) {
    return value.entries().map((entry) => ({ name: entry.key, value: entry.value.text ?? '', line: entry.line }))
  }
  return (value?.items() ?? []).flatMap(({ text, line }) => {
    const sign = text?.indexOf('=') ?? -1
    return text === undefined || sign === -1 ? [] : [{ name: text.slice(0, sign), value: text.slice(sign + 1), line }]
  })
}

const placedOf = (value: YamlValue | undefined, longKey = ''): Placed[] => {
  if (!value) return []
  if (value.isList) return value.items().flatMap((item) => placedOf(item, longKey))
  const text = value.isMap ? value.get(longKey)?.text : value.text
  return text === undefined ? [] : [{ text, line: value.line }]
}

const namesOf = (value: YamlValue | undefined): string[] => {
  if (!value) return []
  return value.isMap ? value.entries().map(({ key }) => key) : value.items().flatMap(({ text }) => text ?? [])
}

const portOf = (port: YamlValue): PublishedPort | undefined => {
  if (port.isMap) {
    if (port.get('published') === undefined) return undefined
    const target = Number(port.get('target')?.text)
    return Number.isInteger(target) ? { target, address: port.get('host_ip')?.text ?? '', line: port.line } : undefined
  }
  const short = SHORT_PORT.exec(port.text ?? '')
  if (!short) return undefined
  const [, bracketed, address, , target] = short
  // A single number is published on a random port: nobody knows it, but it listens.
  return { target: Number(target), address: bracketed ?? address ?? '', line: port.line }
}

// [address:][host port[-range]:]container port[-range][/protocol]; the host port may be a variable.
const SHORT_PORT =
  /^(?:\[([0-9a-fA-F:]{2,40})\]:|(\d{1,3}(?:\.\d{1,3}){3}|localhost):)?(?:(\$\{[^}]{1,100}\}|\$\w{1,60}|\d{0,5}(?:-\d{1,5})?):)?(\d{1,5})(?:-\d{1,5})?(?:\/(?:tcp|udp))?$/

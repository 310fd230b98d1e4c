/** A word of a command, and where it stands. */
interface Word {
  readonly text: string
  readonly line: number
}

/** A value that a command is given under a name. */
export interface NamedArgument extends Word {
  readonly name: string
}

/** `--api-key x`, `--api-key=x`, `-e NAME=x`, `API_KEY=x` before a command, and `--header "Name: x"`. */
export const namedArguments = (args: readonly Word[]): NamedArgument[] =>
  args.flatMap(({ text, line }, at) => {
    const next = args[at + 1]
    const header = /^([\w-]{1,60}): {0,5}(?:Bearer |Basic |Token )?(.{1,600})$/i.exec(text)
    if (header) {
      const [, name = '', value = ''] = header
      return [{ name: isAuthorization(name) ? `${name} token` : name, text: value, line }]
    }
    const [, pair = '', value = ''] = /^(?:--?)?([A-Za-z][\w.-]{0,100})=(.{1,600})$/.exec(text) ?? []
    if (pair !== '') return [{ name: pair, text: value, line }]
    const [, flag = ''] = /^--?([A-Za-z][\w-]{0,100})$/.exec(text) ?? []
    return flag !== '' && next && !next.text.startsWith('-') ? [{ name: flag, text: next.text, line: next.line }] : []
  })

/** Whether a header is the one that credentials are sent in. */
export const isAuthorization = (name: string): boolean => /^(?:proxy-)?authorization$/i.test(name)

import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'

const BASH = `_reeve() {
  local IFS=$'\\n'
  COMPREPLY=($(reeve __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o filenames -F _reeve reeve
`

const ZSH = `#compdef reeve
_reeve() {
  local -a found
  found=("\${(@f)$(reeve __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef _reeve reeve
`

const FISH = `function __reeve_complete
    set -l words (commandline -opc) (commandline -ct)
    reeve __complete -- $words[2..-1] 2>/dev/null
end
complete -c reeve -a '(__reeve_complete)'
`

const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH }

/** `reeve completion SHELL`: the script that makes a shell complete commands, flags, values and live ids. */
export const completion: CommandSpec = {
  declare: (command) => command.argument('<shell>', Object.keys(SCRIPTS).join(', ')),
  examples: [
    'source <(reeve completion bash)',
    'reeve completion zsh > ~/.zfunc/_reeve',
    'reeve completion fish > ~/.config/fish/completions/reeve.fish',
  ],
  output: {
    schema: {
      type: 'object',
      required: ['shell', 'script'],
      properties: { shell: { enum: Object.keys(SCRIPTS) }, script: { type: 'string' } },
    },
  },
  run: (context, command) => {
    const [shell = ''] = command.args
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
    if (script === undefined)
      throw new CommandError(`there is no completion for \`${shell}\``, {
        next: `use one of ${Object.keys(SCRIPTS).join(', ')}`,
      })
    context.print({ shell, script }, () => script)
  },
}

// What a shell completes after `rowloom`: commands, options with what they are for, names of datasets where a command takes
// one. The scripts are made of the commands themselves; the names are the folders below `artifacts/`, or below `--out`.

import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script of a shell for a program whose commands are all defined. */
export function completionOf(shell: Shell, program: Command): string {
  const commands = program.commands.map((command) => ({
    name: command.name(),
    about: command.description(),
    takesDataset: command.registeredArguments.some((argument) => argument.name() === 'dataset'),
    options: command.createHelp().visibleOptions(command),
  }));
  if (shell === 'fish') return fish(commands);
  return shell === 'bash' ? bash(commands) : `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
}

interface Completed {
  readonly name: string;
  readonly about: string;
  readonly takesDataset: boolean;
  readonly options: readonly {
    readonly short?: string;
    readonly long?: string;
    readonly description: string;
  }[];
}

/** zsh reads it through its bashcompinit. */
function bash(commands: readonly Completed[]): string {
  const flags = ({ options }: Completed) =>
    options.flatMap(({ short, long }) => [short ?? [], long ?? []].flat()).join(' ');
  const cases = commands.map((command) => `    ${command.name}) options="${flags(command)}" ;;`);
  const ofDatasets = commands.filter(({ takesDataset }) => takesDataset).map(({ name }) => name);
  return `# rowloom: complete commands, options and names of datasets
_rowloom() {
  local word="\${COMP_WORDS[COMP_CWORD]}" out=artifacts command='' options='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in
      --out) out="\${COMP_WORDS[index + 1]:-artifacts}" ;;
      -*) ;;
      *) [[ -n "$command" || "\${COMP_WORDS[index - 1]}" == --out ]] || command="\${COMP_WORDS[index]}" ;;
    esac
  done
  case "$command" in
    '') options="${commands.map(({ name }) => name).join(' ')} --help --version" ;;
${cases.join('\n')}
  esac
  if [[ -z "$command" || "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
    return
  fi
  case "$command" in
    ${ofDatasets.join('|')})
      COMPREPLY=($(compgen -W "$(cd "$out" 2>/dev/null && ls -d -- */ 2>/dev/null | tr -d /)" -- "$word")) ;;
    *) COMPREPLY=() ;;
  esac
}
complete -o default -F _rowloom rowloom`;
}

function fish(commands: readonly Completed[]): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap(({ name, about, takesDataset, options }) => {
    const seen = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c rowloom -n __fish_use_subcommand -f -a ${name} -d ${quoted(about)}`,
      ...(takesDataset ? [`complete -c rowloom ${seen} -f -a '(ls artifacts 2>/dev/null)'`] : []),
      ...options.map(({ short, long, description }) => {
        const flags = [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`].filter(Boolean);
        return `complete -c rowloom ${seen} ${flags.join(' ')} -d ${quoted(description)}`;
      }),
    ];
  });
  return ['# rowloom: complete commands, options and names of datasets', ...lines].join('\n');
}

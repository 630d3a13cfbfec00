import { Option } from 'commander'

/** `--config FILE`; every command that needs a config has the same one. */
export const configOption = (): Option => new Option('-c, --config <file>', 'the config file').default('edge.yaml')

/** `--json`: the result, and an error too, as JSON on standard output. */
export const jsonOption = (): Option => new Option('--json', 'print JSON for a program to read').default(false)

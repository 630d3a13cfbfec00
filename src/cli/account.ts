import { Command } from 'commander'
import { accountCreateCommand } from './account-create.ts'
import { accountDeactivateCommand } from './account-deactivate.ts'
import { accountRolloverCommand } from './account-rollover.ts'
import { accountShowCommand } from './account-show.ts'
import { accountUpdateCommand } from './account-update.ts'

/** `acme-edge account …`: the account that orders are placed with, one at each CA. */
export function accountCommand(): Command {
  const command = new Command('account')
    .summary('register, show and change the account at a CA')
    .description('Register, show and change the account at a CA.')
    .helpCommand(false)
  return command
    .addCommand(accountCreateCommand())
    .addCommand(accountShowCommand())
    .addCommand(accountUpdateCommand())
    .addCommand(accountRolloverCommand())
    .addCommand(accountDeactivateCommand())
}

import type { Command } from '../command.ts'
import { serve } from './serve.ts'

/**
 * The commands that a command line can name. A service runs for months, so it loads no other command.
 *
 * @param argv - The words after `bienvenue`.
 */
export async function commandsFor(argv: readonly string[]): Promise<readonly Command[]> {
  if (argv[0] === 'serve') return [serve]
  const { COMMANDS } = await import('./every.ts')
  return COMMANDS
}

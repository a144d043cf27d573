import type { ParseArgsOptionsConfig } from 'node:util'
import type { Settings } from './settings.ts'

export interface Command {
  /** The words that select it, such as `users add`. */
  readonly name: string
  /** One line for the list of commands, without a full stop. */
  readonly summary: string
  /** The arguments, one word each: `EMAIL NEW`. */
  readonly takes?: string
  /** Its own flags, each with a line of help. Every command also takes `--json`, `--help` and the settings. */
  readonly flags?: Readonly<Record<string, { type: 'boolean' | 'string'; help: string }>>
  /** Runs the command even if a setting is invalid. Without this, invalid settings are refused first. */
  readonly toleratesProblems?: true
  run(input: CommandInput): Promise<ExitCode>
}

export interface CommandInput {
  readonly args: readonly string[]
  readonly flags: Readonly<Record<string, unknown>>
  readonly settings: Settings
  /** Whether `--json` was given: print JSON for scripts. */
  readonly json: boolean
}

/** 0: success. 1: refused or failed. 2: the command line or a setting is invalid. */
export type ExitCode = 0 | 1 | 2

/** The command line is invalid. The message is a sentence that says how to correct it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The flags every command takes. */
export const COMMON_FLAGS = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig

import type { ParseArgsOptionsConfig } from 'node:util'
import type { Settings } from './settings.ts'

/** A command of `bienvenue`. */
export interface Command {
  /** Its words, such as `users add`. */
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What stands behind the name: `EMAIL`. Each word is one argument. */
  readonly takes?: string
  /** Flags of its own, with their line of help. The settings' flags and `--json`, `--help` come along. */
  readonly flags?: Readonly<Record<string, { type: 'boolean' | 'string'; help: string }>>
  /** Whether it looks at settings that are wrong, instead of refusing them. */
  readonly toleratesProblems?: true
  /** @returns The exit code. */
  run(input: CommandInput): Promise<ExitCode>
}

export interface CommandInput {
  readonly args: readonly string[]
  readonly flags: Readonly<Record<string, unknown>>
  readonly settings: Settings
  /** Whether a script reads the answer. */
  readonly json: boolean
}

/** 0: done. 1: refused or failed. 2: the command line or a setting is wrong. */
export type ExitCode = 0 | 1 | 2

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The flags every command takes. */
export const COMMON_FLAGS = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig

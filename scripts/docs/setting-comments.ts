/** Generates the comment above each row of the settings table, which editors show. */
import { globSync } from 'node:fs'
import { SETTINGS } from '../../src/cli/settings.ts'
import { defaultOf, MODES, type Setting } from '../../src/options/index.ts'
import type { Page } from './page.ts'

export const settingComments: Page[] = [
  ...globSync('src/options/*.ts', { exclude: ['**/*.test.ts'] }),
  'src/cli/settings.ts',
].map((path) => ({ path, write: commented }))

const ROW_START = /^(?: {2}\/\*\*[\s\S]*?\*\/\n)?( {2}(\w+): \{\n {4}env: )/gm

function commented(source: string): string {
  return source.replaceAll(ROW_START, (_, start: string, name: string) => {
    const row: Setting = SETTINGS[name as keyof typeof SETTINGS]
    const lines = [...wrapped(row.about), '', ...wrapped(`${valuesOf(row)}${defaultsOf(row)}`)]
    return `  /**\n${lines.map((line) => `   * ${line}`.trimEnd()).join('\n')}\n   */\n${start}`
  })
}

function valuesOf({ kind }: Setting): string {
  return kind.type === 'integer' ? `${kind.min} to ${kind.max} (${kind.unit}). ` : ''
}

/** For example: Default: `1`, in development `8`, in production `15`. */
function defaultsOf(row: Setting): string {
  const [classic = '', development = '', production = ''] = MODES.map((mode) => literal(defaultOf(row, mode)))
  if (row.env === 'BIENVENUE_MODE') return `Default: ${classic}.`
  const others =
    development === production && production !== classic
      ? [`in development and production ${production}`]
      : [
          ...(development === classic ? [] : [`in development ${development}`]),
          ...(production === classic ? [] : [`in production ${production}`]),
        ]
  return `Default: ${[classic, ...others].join(', ')}.`
}

/** A value as a program writes it. */
function literal(value: string | number | boolean): string {
  return value === '' ? 'not set' : `\`${typeof value === 'string' ? `'${value}'` : value}\``
}

function wrapped(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === undefined || line.length + word.length > 105) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}

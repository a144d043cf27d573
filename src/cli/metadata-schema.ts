/** Reads the file of `BIENVENUE_METADATA_SCHEMA`. zod is loaded only if there is one. */

import { readTextFile, UnreadableFile } from '../lib/setting-file.ts'
import { OptionError, type OptionProblem } from '../model/errors.ts'
import type { MetadataSchemas } from '../model/standard-schema.ts'
import type { AuthOptions } from '../options/index.ts'
import { ignoredIn, isObject } from './json-schema.ts'
import type { Settings } from './settings.ts'

const KINDS = ['public', 'private'] as const

/**
 * The options of the library for the settings, with the schemas of the file if there is one.
 *
 * @throws {OptionError} The file cannot be read, or is not an object with a JSON Schema as `public`, as `private` or as
 *   both.
 */
export async function libraryOptions({ options, metadataSchema }: Settings): Promise<AuthOptions> {
  return metadataSchema === '' ? options : { ...options, metadataSchema: await readSchemas(metadataSchema) }
}

/** Why the file cannot be used, if so. */
export async function schemaProblems(settings: Settings): Promise<readonly OptionProblem[]> {
  try {
    await libraryOptions(settings)
    return []
  } catch (error) {
    if (error instanceof OptionError) return error.problems
    throw error
  }
}

async function readSchemas(path: string): Promise<MetadataSchemas> {
  const refusal = (problem: string) => new OptionError('metadataSchema', `${path} ${problem}`)
  let file: unknown
  try {
    file = JSON.parse(readTextFile(path))
  } catch (error) {
    throw refusal(error instanceof UnreadableFile ? `cannot be read: ${error.message}` : 'is not JSON')
  }
  const schemas = Object.entries(isObject(file) ? file : {})
  if (schemas.length === 0)
    throw refusal('must be a JSON object with a JSON Schema as "public", as "private" or as both')
  const unknown = schemas.find(([kind]) => !(KINDS as readonly string[]).includes(kind))
  if (unknown !== undefined) throw refusal(`has a member "${unknown[0]}"; it may have "public" and "private"`)
  const { fromJSONSchema } = await import('zod')
  const compiled = schemas.map(([kind, schema]) => {
    if (!isObject(schema)) throw refusal(`has a "${kind}" that is not a JSON Schema`)
    const ignored = ignoredIn(schema)
    if (ignored !== null) throw refusal(`has a "${kind}" that ${ignored}`)
    try {
      return [kind, fromJSONSchema(schema)]
    } catch (error) {
      throw refusal(`has a "${kind}" that cannot be used as a JSON Schema: ${(error as Error).message}`)
    }
  })
  return Object.fromEntries(compiled)
}

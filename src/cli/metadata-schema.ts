/** Reads the file of `BIENVENUE_METADATA_SCHEMA`. zod is loaded only if there is one. */

import { isObject } from '../lib/is-object.ts'
import { readTextFile, UnreadableFile } from '../lib/setting-file.ts'
import { OptionError, type OptionProblem } from '../model/errors.ts'
import type { OpenedUserField, UserFields } from '../model/user-fields.ts'
import { type AuthOptions, openUserFields } from '../options/index.ts'
import { ignoredIn } from './json-schema.ts'
import type { Settings } from './settings.ts'

const KINDS = ['public', 'private'] as const

/**
 * The options of the library for the settings, with the schemas and the user fields of the file if there is one.
 *
 * @throws {OptionError} The file cannot be read, or is not an object with a JSON Schema as `public`, as `private` or as
 *   both, or with `userFields`; or nobody could register with these fields.
 */
export async function libraryOptions({ options, metadataSchema }: Settings): Promise<AuthOptions> {
  return metadataSchema === '' ? options : { ...options, ...(await readSchemas(metadataSchema)) }
}

/** The problems of the file. Empty if it can be used. */
export async function schemaProblems(settings: Settings): Promise<readonly OptionProblem[]> {
  try {
    await libraryOptions(settings)
    return []
  } catch (error) {
    if (error instanceof OptionError) return error.problems
    throw error
  }
}

/** The contents of the file, as options of the library. */
type FileOptions = Pick<AuthOptions, 'metadataSchema' | 'userFields'>

async function readSchemas(path: string): Promise<FileOptions> {
  const refusal = (problem: string) => new OptionError('metadataSchema', `${path} ${problem}`)
  let file: unknown
  try {
    file = JSON.parse(readTextFile(path))
  } catch (error) {
    throw refusal(error instanceof UnreadableFile ? `cannot be read: ${error.message}` : 'is not JSON')
  }
  const members = Object.entries(isObject(file) ? file : {})
  if (members.length === 0)
    throw refusal(
      'must be a JSON object with a JSON Schema as "public", as "private" or as both, or with "userFields"',
    )
  const { userFields, ...schemas } = file as Readonly<Record<string, unknown>>
  const unknown = Object.keys(schemas).find((kind) => !(KINDS as readonly string[]).includes(kind))
  if (unknown !== undefined)
    throw refusal(`has a member "${unknown}"; it may have "public", "private" and "userFields"`)
  const { fromJSONSchema } = await import('zod')
  const compiled = Object.entries(schemas).map(([kind, schema]) => {
    if (!isObject(schema)) throw refusal(`has a "${kind}" that is not a JSON Schema`)
    const ignored = ignoredIn(schema)
    if (ignored !== null) throw refusal(`has a "${kind}" that ${ignored}`)
    try {
      return [kind, fromJSONSchema(schema)]
    } catch (error) {
      throw refusal(`has a "${kind}" that cannot be used as a JSON Schema: ${(error as Error).message}`)
    }
  })
  const metadataSchema = Object.fromEntries(compiled)
  if (userFields === undefined) return { metadataSchema }
  try {
    const problem = conflictOf(schemas.public, openUserFields(userFields))
    if (problem !== null) throw refusal(problem)
  } catch (error) {
    if (!(error instanceof OptionError) || error.option !== 'userFields') throw error
    throw refusal(`has "userFields" that cannot be used: ${error.problems[0]?.problem}`)
  }
  return { metadataSchema, userFields: userFields as UserFields }
}

/** Why nobody could register with these fields: the schema refuses one, or requires a member that is not one of them. */
function conflictOf(schema: unknown, fields: readonly OpenedUserField[]): string | null {
  if (!isObject(schema)) return null
  const properties = isObject(schema.properties) ? schema.properties : {}
  const refused = fields.find(({ name }) => !Object.hasOwn(properties, name))
  if (refused !== undefined && schema.additionalProperties === false)
    return `has a user field "${refused.name}" that is not one of the "properties" of "public"`
  const missing = [schema.required ?? []].flat().find((name) => {
    const isEntered = fields.some((field) => field.name === name && field.required)
    return !isEntered && !Object.hasOwn(Object(properties[String(name)]), 'default')
  })
  return missing === undefined
    ? null
    : `requires "${missing}" in "public", which new accounts do not have; make it a required user field, or give it a default`
}

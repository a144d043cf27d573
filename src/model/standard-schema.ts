import type { JsonObject } from './json.ts'

/** What a schema of metadata takes and what it returns. */
export interface MetadataTypes {
  readonly input: unknown
  readonly output: object
}

/** Metadata without a schema. */
export interface AnyMetadata extends MetadataTypes {
  readonly input: object
  readonly output: JsonObject
}

/**
 * Metadata as it is read. With a schema, each member may be missing: a new account has no metadata, and what was stored
 * before the schema changed stays as it is.
 */
export type StoredMetadata<Types extends MetadataTypes> = Partial<Types['output']>

/**
 * The part of Standard Schema, version 1, that this library uses. Schemas of zod, valibot and arktype have it.
 *
 * @see {@link https://standardschema.dev}
 */
export interface StandardSchema<Types extends MetadataTypes = AnyMetadata> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>
    /** Only for the type checker. */
    readonly types?: Types | undefined
  }
}

type StandardResult =
  /** The value is valid. A schema may return another value than it was given, for example with defaults filled in. */
  { readonly value: unknown; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] }

/** Why a value is refused, and where in it. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The schemas of the metadata that an application stores with users. Without one, every JSON object is accepted. */
export interface MetadataSchemas<
  Public extends MetadataTypes = AnyMetadata,
  Private extends MetadataTypes = AnyMetadata,
> {
  /** Of `metadata`, which the user can read. */
  readonly public?: StandardSchema<Public> | undefined
  /** Of `privateMetadata`, which only the application can read. */
  readonly private?: StandardSchema<Private> | undefined
}

/**
 * The part of Standard Schema, version 1, that this library uses. Schemas of zod, valibot and arktype have it.
 *
 * @see {@link https://standardschema.dev}
 */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>
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
export interface MetadataSchemas {
  /** Of `metadata`, which the user can read. */
  readonly public?: StandardSchema | undefined
  /** Of `privateMetadata`, which only the application can read. */
  readonly private?: StandardSchema | undefined
}

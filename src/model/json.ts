/** A value that JSON can express. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject

/** An object that JSON can express. A member that is `undefined` counts as missing. */
export interface JsonObject {
  readonly [name: string]: JsonValue | undefined
}

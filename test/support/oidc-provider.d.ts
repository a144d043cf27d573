/** The part of `oidc-provider` that tests use. Its published types need ten more packages. */
declare module 'oidc-provider' {
  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    callback(): import('node:http').RequestListener
  }
}

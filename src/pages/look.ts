import type { OpenedUserField } from '../model/user-fields.ts'
import type { Locale, PageTexts } from '../text/index.ts'
import type { PageAssets } from './assets.ts'
import type { Site } from './site.ts'

/** The data that every hosted page needs, besides its own. */
export interface Look {
  readonly locale: Locale
  readonly texts: PageTexts
  /** The path at which the service is mounted, without a trailing slash: `''` or `/auth`. */
  readonly basePath: string
  readonly site: Site
  readonly assets: PageAssets
  /** Origins besides our own to which a form may lead. */
  readonly formTargets: readonly string[]
  /** The path of this page with its query, for the links to the other languages. */
  readonly here: string
  /** The signed-in user, or `null`. */
  readonly user: { readonly email: string } | null
  /** Whether people can register. */
  readonly canSignUp: boolean
  /** Whether people can reset their password by mail. */
  readonly canRecover: boolean
  /** Whether the address of a new account must be confirmed. */
  readonly mustConfirm: boolean
  /** Whether there are pages besides those that mailed links open. */
  readonly hasPages: boolean
  /** Whether mails with a link also have a code. */
  readonly hasCodes: boolean
  /** Whether people can change their address, which needs mail. */
  readonly canChangeEmail: boolean
  /** Whether people can use passkeys here. */
  readonly hasPasskeys: boolean
  /** Whether people can set up an authenticator app. */
  readonly hasTotp: boolean
  /** Whether people can have second factors of any kind. */
  readonly hasFactors: boolean
  /** The providers that people can sign in with. */
  readonly providers: readonly { readonly id: string; readonly name: string }[]
  /** The fields that the application adds. */
  readonly userFields: readonly OpenedUserField[]
  /** The minimum length of a new password, in Unicode code points. */
  readonly minPasswordLength: number
}

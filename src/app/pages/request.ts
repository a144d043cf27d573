import type {
  CurrentSession,
  RenewedSession,
  SessionCaller,
  SessionDemand,
  SignInResult,
} from '../../auth/index.ts'
import { negotiate } from '../../lib/language.ts'
import { AuthError } from '../../model/errors.ts'
import type { Account } from '../../model/user.ts'
import { missingUserField } from '../../model/user-fields.ts'
import type { FormState, Look, Onward } from '../../pages/index.ts'
import type { Locale } from '../../text/index.ts'
import { acceptsHtml } from '../accept.ts'
import { clearedElsewhere, hasSeveralSessionCookies, languageCookie, readLanguageCookie } from '../cookies.ts'
import { type Admitted, callerOf } from '../handlers.ts'
import { type Answer, redirect } from '../responses.ts'
import { answerOf, delivery } from '../signed-in.ts'
import type { PageKit } from './kit.ts'

/** A request for a hosted page. Reads headers and the query on demand. */
export class PageRequest {
  readonly kit: PageKit
  readonly #admitted: Admitted
  readonly #path: string
  #query: URLSearchParams | undefined
  #providers: Look['providers'] = []
  #current: Promise<CurrentSession | null> | undefined

  /** @param path - The path of the page within the service. */
  constructor(admitted: Admitted, kit: PageKit, path: string) {
    this.#admitted = admitted
    this.kit = kit
    this.#path = path
  }

  /** Reads what every page depends on. Before {@link look}. */
  async prepare(): Promise<void> {
    this.#providers = await this.kit.providers()
  }

  get caller(): SessionCaller {
    return callerOf(this.#admitted, this.kit.auth.options)
  }

  get params(): Readonly<Record<string, string>> {
    return this.#admitted.params
  }

  get cookieHeader(): string | null {
    return this.#admitted.incoming.header('cookie')
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(queryOf(this.#admitted.incoming.target))
    return this.#query
  }

  get acceptsHtml(): boolean {
    return acceptsHtml(this.#admitted.incoming.header('accept'))
  }

  /** The live session of the browser, or `null`. */
  current(): Promise<CurrentSession | null> {
    this.#current ??= this.kit.auth.sessions.current(this.#admitted.credentials)
    return this.#current
  }

  /**
   * The live session of the browser.
   *
   * @throws {AuthError} `unauthenticated`, `second_factor_required`, `reauthentication_required`. A browser goes to the page
   *   that must come first.
   */
  async session(demand: SessionDemand = {}): Promise<CurrentSession> {
    if (demand.fresh || demand.aal !== undefined) return this.kit.auth.sessions.verify(demand, this.caller)
    const current = await this.current()
    if (current === null) throw new AuthError('unauthenticated')
    return current
  }

  /** The path of this page as a browser sees it, with its query, to come back to. */
  get here(): string {
    const query = new URLSearchParams(this.query)
    query.delete('lang')
    query.delete(SIGNED_IN)
    return this.kit.pathTo(this.#path, Object.fromEntries(query))
  }

  /** Where to go afterwards, or `null` if the query names no place or one that is not allowed. */
  get returnTarget(): string | null {
    return this.kit.returnTarget(this.query.get('return_to'))
  }

  /** The same, from the form if it was sent. */
  returnTargetOf({ values }: FormState): string | null {
    return this.kit.returnTarget(values.return_to) ?? this.returnTarget
  }

  /** The language: the one that was chosen, now or earlier, or the one that the browser prefers. */
  get locale(): Locale {
    const { languages } = this.kit.site
    const { incoming } = this.#admitted
    const chosen = [
      this.query.get('lang'),
      readLanguageCookie(incoming.header('cookie'), this.kit.auth.options),
    ]
    const known = chosen.map((tag) => languages.find((locale) => locale === tag)).find(Boolean)
    return known ?? negotiate(incoming.header('accept-language'), languages)
  }

  /** The cookie that keeps the language, if this request chooses one. */
  get languageCookie(): string | null {
    const { locale } = this
    return this.query.get('lang') === locale ? languageCookie(locale, this.kit.auth.options).header : null
  }

  /** What the page looks like. @param user - The signed-in user, whom the header names. */
  look(user: { readonly email: string } | null = null): Look {
    return this.kit.look({ locale: this.locale, here: this.here, user, providers: this.#providers })
  }

  /** Sends the browser to one of our paths. */
  goTo(
    path: string,
    query: Readonly<Record<string, string>> = {},
    more: Pick<Answer, 'cookies' | 'headers'> = {},
  ): Answer {
    return redirect(this.kit.pathTo(path, query), 303, more)
  }

  /** Sends the browser to a page that keeps where to go afterwards. @param target - From the form, not checked yet. */
  goOn(
    path: string,
    target: string | undefined,
    { flags = [], cookies }: { flags?: readonly string[] } & Pick<Answer, 'cookies'> = {},
  ): Answer {
    const returnTo = this.kit.returnTarget(target)
    const query = Object.fromEntries(flags.map((flag) => [flag, '']))
    return this.goTo(path, { ...query, ...(returnTo !== null && { return_to: returnTo }) }, { cookies })
  }

  /**
   * Sends a browser on after a step of a sign-in: to the next step, or by way of the sign-in page, which goes on if the browser
   * has kept the cookie and says so if not.
   */
  goOnSignedIn(result: SignInResult, target: string | null | undefined): Answer {
    const { path, query } = this.nextStep(result, target)
    return this.goTo(path, query, { cookies: this.cookiesOf(result) })
  }

  /** Where {@link goOnSignedIn} sends the browser, for a page that comes between. */
  nextStep(result: SignInResult, target: string | null | undefined): Onward {
    if (result.next !== 'signed_in') return { path: STEPS[result.next], query: { [BEGUN]: '' } }
    const returnTo = this.kit.returnTarget(target)
    return { path: '/sign_in', query: { [SIGNED_IN]: '', ...(returnTo !== null && { return_to: returnTo }) } }
  }

  /** The cookies of a step of a sign-in. */
  cookiesOf(result: SignInResult): readonly string[] | undefined {
    return answerOf(result, this.caller, this.kit.auth.options).cookies
  }

  /** The cookie of the session that replaces that of this browser. */
  cookieOf(renewed: RenewedSession | null): readonly string[] {
    return renewed === null ? [] : delivery(renewed, this.kit.auth.options).cookies
  }

  /**
   * Sends a browser on that has a session already. One of our own pages learns that from the query: if it sees no session, the
   * browser sends it other cookies, and it must not lead back. An account that lacks a required user field goes by way of the
   * profile, which asks for it: it may have been made at another provider, or by a program.
   */
  goOnWithSession({ metadata }: Account): Answer {
    const target = this.returnTarget
    if (missingUserField(this.kit.auth.userFields, metadata) !== undefined)
      return this.goTo('/account/profile', {
        [SIGNED_IN]: '',
        return_to: target ?? this.kit.pathTo('/account'),
      })
    const isOwn = target !== null && this.kit.isPage(target.split(/[?#]/, 1)[0] as string)
    if (!isOwn || this.query.has(SIGNED_IN)) return this.goBack(target)
    const [path = '', search = ''] = target.split('#', 1)[0]?.split('?', 2) ?? []
    return redirect(`${path}?${new URLSearchParams([...new URLSearchParams(search), [SIGNED_IN, '']])}`, 303)
  }

  /** Whether the browser sends several session cookies, of which none counts. */
  get hasSeveralSessions(): boolean {
    return hasSeveralSessionCookies(this.cookieHeader, this.kit.auth.options)
  }

  /** The cookies that clear other session cookies than ours, which this request or the sign-in page may have been sent. */
  get clearedElsewhere(): readonly string[] {
    const { auth, pathTo } = this.kit
    const host = this.#admitted.incoming.header('host') ?? ''
    const { hostname = '' } = URL.parse(auth.options.baseUrl) ?? URL.parse(`http://${host}`) ?? {}
    return clearedElsewhere([pathTo(this.#path), pathTo('/sign_in')], hostname, auth.options)
  }

  /** Sends the browser to a target that {@link PageKit.returnTarget} has returned, or to the account. */
  goBack(target: string | null, more: Pick<Answer, 'cookies' | 'headers'> = {}): Answer {
    return target === null ? this.goTo('/account', {}, more) : redirect(target, 303, more)
  }
}

/**
 * The query flag with which the sign-in page and our other pages send a browser on: it has a session. Where none is seen, the
 * browser does not send its cookie there.
 */
export const SIGNED_IN = 'signed_in'

/** The demand on a session for what could take the account over. */
export const STRONG = { fresh: true, aal: 'strongest' } as const

/** The pages for what a sign-in can wait for. */
export const STEPS = { second_factor: '/sign_in/factor', enrol: '/sign_in/enrol' } as const

/** The query flag of the first request of these pages, which shows whether the browser has kept the cookie. */
export const BEGUN = 'begun'

function queryOf(target: string): string {
  const start = target.indexOf('?')
  return start < 0 ? '' : (target.slice(start + 1).split('#', 1)[0] as string)
}

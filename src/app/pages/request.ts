import type {
  CurrentSession,
  RenewedSession,
  SessionCaller,
  SessionDemand,
  SignInResult,
} from '../../auth/index.ts'
import { languageOf, negotiate } from '../../lib/language.ts'
import { AuthError } from '../../model/errors.ts'
import type { Account } from '../../model/user.ts'
import { missingUserField } from '../../model/user-fields.ts'
import type { FormState, Look, Onward } from '../../pages/index.ts'
import type { Locale } from '../../text/index.ts'
import { acceptsHtml } from '../accept.ts'
import { clearedElsewhere, hasSeveralSessionCookies, languageCookie, readCookie } from '../cookies.ts'
import { type Admitted, callerOf } from '../handlers.ts'
import type { Incoming } from '../incoming.ts'
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

  /** Reads the data that every page needs. Call it before {@link look}. */
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
   * The live session of the browser, if it meets the demand.
   *
   * @throws {AuthError} `unauthenticated`, `second_factor_required`, `reauthentication_required`. The browser is then sent to
   *   sign-in or step-up.
   */
  async session(demand: SessionDemand = {}): Promise<CurrentSession> {
    if (demand.fresh || demand.aal !== undefined) return this.kit.auth.sessions.verify(demand, this.caller)
    const current = await this.current()
    if (current === null) throw new AuthError('unauthenticated')
    return current
  }

  /** The path and query of this page, as a browser sees them, to return to. */
  get here(): string {
    const query = new URLSearchParams(this.query)
    query.delete('lang')
    query.delete(SIGNED_IN)
    return this.kit.pathTo(this.#path, Object.fromEntries(query))
  }

  /** Where to go afterwards, from the form or else from the query. `null` if it is missing or not allowed. */
  get returnTarget(): string | null {
    return this.kit.returnTarget(this.query.get('return_to'))
  }

  /** Keeps `return_to` of a form, as if the query had it. Otherwise links to this page would lose it. */
  keepReturnTo(sent: unknown): void {
    const target = typeof sent === 'string' ? this.kit.returnTarget(sent) : null
    if (target !== null) this.query.set('return_to', target)
  }

  /** What has just been done, from the query. `null` if nothing, or if a form was refused since. */
  doneIn({ refusal }: FormState): string | null {
    return refusal === null ? this.query.get(DONE) : null
  }

  get locale(): Locale {
    return localeFor(this.kit, this.#admitted.incoming, this.query.get('lang'))
  }

  /** The cookie that remembers the language, if this request chooses one. */
  get languageCookie(): string | null {
    const { site, auth } = this.kit
    const chosen = languageOf(this.query.get('lang'), site.languages)
    return chosen === undefined ? null : languageCookie(chosen, auth.options).header
  }

  /** The look of the page. @param user - The signed-in user, shown in the header. */
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

  /**
   * Sends the browser to one of our pages, which passes `return_to` on.
   *
   * @param target - From the form, not checked yet.
   * @param details - `email`: the address that the page shows. It is in the fragment, so that no log has it.
   */
  goOn(
    path: string,
    target: string | undefined,
    { email, flags = [], cookies }: { email?: string; flags?: readonly string[] } & Pick<Answer, 'cookies'>,
  ): Answer {
    const returnTo = this.kit.returnTarget(target)
    const query = Object.fromEntries(flags.map((flag) => [flag, '']))
    const page = this.kit.pathTo(path, { ...query, ...(returnTo !== null && { return_to: returnTo }) })
    const fragment = email === undefined ? '' : `#${new URLSearchParams({ email })}`
    return redirect(page + fragment, 303, { cookies })
  }

  /**
   * Sends a browser on after a step of a sign-in: to the next step, or through the sign-in page, which reports it if the browser
   * has not kept the cookie.
   */
  goOnSignedIn(result: SignInResult, target: string | null | undefined): Answer {
    const { path, query } = this.nextStep(result, target)
    return this.goTo(path, query, { cookies: this.cookiesOf(result) })
  }

  /** Where {@link goOnSignedIn} sends the browser, for a page that is shown first. */
  nextStep(result: SignInResult, target: string | null | undefined): Onward {
    if (result.next !== 'signed_in') return { path: STEPS[result.next], query: { [BEGUN]: '' } }
    const returnTo = this.kit.returnTarget(target)
    return { path: '/sign_in', query: { [SIGNED_IN]: '', ...(returnTo !== null && { return_to: returnTo }) } }
  }

  /** The cookies of a step of a sign-in. */
  cookiesOf(result: SignInResult): readonly string[] | undefined {
    return answerOf(result, this.caller, this.kit.auth.options).cookies
  }

  /** The cookie of a session that replaces the browser's. */
  cookieOf(renewed: RenewedSession | null): readonly string[] {
    return renewed === null ? [] : delivery(renewed, this.kit.auth.options).cookies
  }

  /**
   * Sends on a browser that already has a session. A flag in the query tells our own pages so. If such a page sees no session, the
   * browser sends it different cookies, and the page must not send the browser back. If the account lacks a required user field,
   * the profile asks for it first. Accounts made at another provider or by a program can lack one.
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

  /** Whether the browser sends several session cookies. Then none of them counts. */
  get hasSeveralSessions(): boolean {
    return hasSeveralSessionCookies(this.cookieHeader, this.kit.auth.options)
  }

  /** Clears session cookies that we did not set and that this page or the sign-in page may receive. */
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

/** The language of a page: the one asked for, the one in the cookie, or the one that the browser prefers. */
export function localeFor(
  { site: { languages }, auth }: PageKit,
  incoming: Incoming,
  asked: string | null = null,
): Locale {
  const remembered = readCookie('language', incoming.header('cookie'), auth.options)
  return (
    languageOf(asked, languages) ??
    languageOf(remembered, languages) ??
    negotiate(incoming.header('accept-language'), languages)
  )
}

/**
 * The query flag that says that the browser was just seen with a session. If the page sees none, the browser does not send it the
 * session cookie.
 */
export const SIGNED_IN = 'signed_in'

/** The query flag of a page that says what has just been done. Its value is the key of a sentence of the page. */
export const DONE = 'done'

/** The demand on a session for operations that an attacker could use to take over the account. */
export const STRONG = { fresh: true, aal: 'strongest' } as const

/** The page for each next step of a pending sign-in. */
export const STEPS = { second_factor: '/sign_in/factor', enrol: '/sign_in/enrol' } as const

/** The query flag of the first request to such a page. It shows whether the browser has kept the cookie. */
export const BEGUN = 'begun'

function queryOf(target: string): string {
  const start = target.indexOf('?')
  return start < 0 ? '' : (target.slice(start + 1).split('#', 1)[0] as string)
}

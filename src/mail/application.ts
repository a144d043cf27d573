/**
 * The links and templates of the application that embeds the library. They can be code that the service does not control, so what
 * they return is checked.
 */
import { frozenCopy } from '../lib/frozen-copy.ts'
import { isLoopback, withoutBrackets } from '../lib/network.ts'
import { APPLICATION_LIMIT_MS, TimeLimitExceeded, withinLimit } from '../lib/time-limit.ts'
import { OptionError } from '../model/errors.ts'
import { type Locale, MAIL } from '../text/index.ts'
import type { Branding } from './branding.ts'
import { compose, contentOf, type MailContext, type Message, type Unaddressed } from './compose.ts'
import { type LinkedKind, type MailContent, MailError, type MailKind } from './index.ts'

/** The parts of an application's link. */
export interface LinkParts {
  /** The token, which works once. Its characters need no encoding. */
  readonly token: string
  /** The address that the mail goes to. Encode it. */
  readonly email: string
  /** The kind of mail that has the link. Several kinds can have the same link. */
  readonly kind: LinkedKind
}

/**
 * A page of the application: a URL such as `https://app.example.com/reset#email={email}&token={token}`, or a function that
 * returns the whole URL within 5 seconds. It must begin with `https://`; outside of production, `http://localhost` and other
 * loopback hosts are allowed too. The token and the address must come after `#`, as in the service's links, so that no server
 * or log sees them. A link with either of them in its path or query is refused.
 *
 * A string is checked when the service starts. If a function fails or returns an invalid link, the service retries the mail for
 * 3 days, as if the mail server had not accepted it.
 */
export type MailLink = string | ((parts: LinkParts) => string | Promise<string>)

/** The pages behind the links in mail, by what the token does. Default: the pages of the service. */
export interface MailLinks {
  /**
   * The page asks for a new password and sends it with the address and the token to `PUT /reset_password`. The mails
   * `reset_password`, `set_password` and `account_exists` link to it.
   */
  readonly reset_password?: MailLink | undefined
  /** The page asks for the password of a new account and sends it with the token to `POST /confirm_email`. */
  readonly confirm_email?: MailLink | undefined
  /** Like `confirm_email`, to confirm a new address of an existing account. */
  readonly change_email?: MailLink | undefined
}

/** The input of a template: a frozen copy, without any password, hash or session token. */
export type TemplateInput<Kind extends MailKind = MailKind> = MailContent<Kind> & {
  /** The address that the mail goes to. */
  readonly to: string
  readonly locale: Locale
  /** The host of `baseUrl`, such as `auth.example.com`. */
  readonly serviceName: string
}

/** The result of a template. */
export interface MailText {
  /** One line. */
  readonly subject: string
  /** The mail as plain text. If the mail has a link, it must contain `url` or `token`. */
  readonly text: string
  /**
   * The mail as HTML. If the mail has a link, it must contain `token`. The template must escape every value. Default
   * `null`: a mail of plain text only.
   */
  readonly html?: string | null | undefined
  /** The BCP 47 tag of its language. Default: `locale`. */
  readonly language?: string | undefined
}

/**
 * Writes the mails of a kind, within 5 seconds. If it throws, takes longer or returns anything but a {@link MailText}, the log
 * says so and the mail is sent with the service's text. It is also called for addresses without an account, whose mail is never
 * sent. So it must do the same work for every address.
 */
export type MailTemplate<Kind extends MailKind = MailKind> = (
  mail: TemplateInput<Kind>,
) => MailText | Promise<MailText>

/** The templates of the application, by kind. The service writes mails of other kinds. */
export type MailTemplates = { readonly [Kind in MailKind]?: MailTemplate<Kind> | undefined }

/** The mail of the application. */
export interface MailOptions {
  /** The application's own pages behind the links. */
  readonly links?: MailLinks | undefined
  /** The application's own texts. */
  readonly templates?: MailTemplates | undefined
}

/** Called when a template fails. `error` is what it threw. */
export type OnTemplateFault = (what: string, error: unknown, details: Record<string, unknown>) => void

/** Writes mail with the links and templates of the application. */
export interface MailWriter {
  /** Whether a link or template is a function of the application, which learns the addresses of mails. */
  readonly runsCode: boolean
  /**
   * The URL of the application's page, or `null` if it has none.
   *
   * @throws {MailError} The link of the application failed or is invalid.
   */
  linkFor(purpose: keyof MailLinks, parts: LinkParts): Promise<string | null>
  /** Like {@link compose}, with the template of the application if it has one and it works. */
  compose(message: Message, context: MailContext & { readonly to: string }): Promise<Unaddressed>
}

/**
 * Checks the options and creates the writer.
 *
 * @param details - `httpsOnly`: refuses http links to this machine too.
 * @throws {OptionError} `mail` has an unknown name or an invalid value.
 */
export function openMailWriter(
  options: MailOptions,
  {
    httpsOnly,
    branding,
    onFault,
  }: {
    readonly httpsOnly: boolean
    /** Called for each mail. Default: the service's look and sentences. */
    readonly branding?: () => Branding
    readonly onFault: OnTemplateFault
  },
): MailWriter {
  assertMembers(options, '', ['links', 'templates'])
  const { links = {}, templates = {} } = options
  assertMembers(links, 'links.', LINKS)
  assertMembers(templates, 'templates.', KINDS)
  for (const [name, link] of Object.entries(links)) {
    const problem = problemAtStart(link, httpsOnly)
    if (problem !== null) throw new OptionError('mail', `links.${name} ${problem}`)
  }
  for (const [name, template] of Object.entries(templates)) {
    if (!isFunction(template)) throw new OptionError('mail', `templates.${name} must be a function`)
  }

  /** The text from the application's template. `null` if there is none or it failed. */
  async function fromTemplate(content: MailContent, about: Omit<TemplateInput, keyof MailContent>) {
    // TypeScript cannot see that the template is the one for this kind.
    const template = templates[content.kind] as ((mail: object) => unknown) | undefined
    if (template === undefined) return null
    const report = (problem: string, error: unknown) =>
      onFault('a mail template failed, so the mail has the text of the service', error, {
        kind: content.kind,
        problem,
      })
    try {
      const written = await withinLimit(APPLICATION_LIMIT_MS, () =>
        template(frozenCopy({ ...content, ...about })),
      )
      const problem = textProblem(written, content.token)
      if (problem === null) return written as MailText
      report(`returned ${problem}`, new TypeError('not a MailText'))
    } catch (error) {
      report(error instanceof TimeLimitExceeded ? 'took longer than 5 s' : 'threw an error', error)
    }
    return null
  }

  return {
    runsCode: [...Object.values(links), ...Object.values(templates)].some(
      (each) => typeof each === 'function',
    ),
    async linkFor(purpose, parts) {
      const link = links[purpose]
      if (link === undefined) return null
      const url = typeof link === 'string' ? filled(link, parts) : await called(purpose, link, parts)
      const problem = linkProblem(url, parts, httpsOnly)
      if (problem !== null) throw new MailError(`The link of the application for ${purpose} ${problem}.`)
      // `encodeURIComponent` leaves the apostrophe, which an address may have and which ends links in some mail programs.
      return new URL(url).href.replaceAll("'", '%27')
    },
    async compose(message, { to, ...context }) {
      const { locale, service: serviceName } = context
      const { look, sentences = null, images = [] } = branding?.() ?? {}
      const composed = compose(message, { look, sentences: sentences?.[locale], ...context })
      const written = await fromTemplate(contentOf(message), { to, locale, serviceName })
      if (written === null) return images.length === 0 ? composed : { ...composed, images }
      const { subject, text, html, language } = written
      return { ...composed, subject, text, html: html ?? null, language: language ?? locale }
    },
  }
}

const LINKS: readonly string[] = [
  'reset_password',
  'confirm_email',
  'change_email',
] satisfies (keyof MailLinks)[]
const KINDS = Object.entries(MAIL.en).flatMap(([kind, text]) => (typeof text === 'function' ? [kind] : []))

function assertMembers(value: unknown, path: string, names: readonly string[]): void {
  if (typeof value !== 'object' || value === null)
    throw new OptionError('mail', `${path === '' ? '' : `${path.slice(0, -1)}: `}expected an object`)
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new OptionError('mail', `${path}${unknown} is unknown; the names are ${names.join(', ')}`)
}

function isFunction(value: unknown): boolean {
  return value === undefined || typeof value === 'function'
}

/** Sample values to check a link with. */
const SAMPLE: LinkParts = {
  token: '019aa65e-1c00-7abc-8def-0123456789ab.A-_z',
  email: "o'b+c@example.com",
  kind: 'reset_password',
}

function problemAtStart(link: unknown, httpsOnly: boolean): string | null {
  if (typeof link === 'string') return linkProblem(filled(link, SAMPLE), SAMPLE, httpsOnly)
  return isFunction(link) ? null : 'must be a URL or a function'
}

function filled(link: string, { token, email }: LinkParts): string {
  return link.replaceAll('{token}', () => token).replaceAll('{email}', () => encodeURIComponent(email))
}

async function called(purpose: string, link: Exclude<MailLink, string>, parts: LinkParts): Promise<string> {
  try {
    return await withinLimit(APPLICATION_LIMIT_MS, () => link(frozenCopy(parts)))
  } catch (cause) {
    throw new MailError(`The link of the application for ${purpose} failed.`, { cause })
  }
}

/** The problem of a link, or `null`. Never contains the link, which is a secret. */
function linkProblem(link: unknown, { token, email }: LinkParts, httpsOnly: boolean): string | null {
  const url = typeof link === 'string' ? URL.parse(link) : null
  if (typeof link !== 'string' || url === null || !/^https?:$/.test(url.protocol))
    return 'must be an absolute URL, such as https://app.example.com/reset#token={token}'
  if (url.protocol !== 'https:' && (httpsOnly || !isLoopback(withoutBrackets(url.hostname))))
    return httpsOnly ? 'must begin with https://' : 'must begin with https://, or http://localhost'
  if (url.username !== '' || url.password !== '') return 'must have no user name and no password'
  if (/["<>\\^`{|}\s\p{Cc}]/u.test(link))
    return 'has a character that is not allowed, or an unknown name in braces'
  if (!url.hash.includes(token)) return 'must have {token} after #'
  // Host names lose their case, and queries escape the apostrophe.
  const beforeFragment = url.href.replace(/#.*/, '').toLowerCase().replaceAll('%27', "'")
  const secrets = [token, email, encodeURI(email), encodeURIComponent(email)]
  if (secrets.some((secret) => beforeFragment.includes(secret.toLowerCase())))
    return 'must have {token} and {email} only after #, so that no server or log sees them'
  return null
}

const CONTROL_OR_BREAK = /[\p{Cc}\p{Zl}\p{Zp}]/u
const LANGUAGE = /^[a-z]{2,8}(?:-[a-z\d]{1,8})*$/i

/** The problem of the result of a template, or `null`. Never contains the text. */
function textProblem(written: unknown, token: string | null): string | null {
  if (typeof written !== 'object' || written === null) return 'no object'
  const { subject, text, html, language } = written as Record<keyof MailText, unknown>
  if (!isText(subject) || CONTROL_OR_BREAK.test(subject)) return 'no subject of one line'
  if (!isText(text)) return 'no text'
  if (html !== undefined && html !== null && !isText(html)) return 'no valid html'
  if (language !== undefined && !(isText(language) && LANGUAGE.test(language))) return 'no valid language'
  // Mail programs show only one of the two.
  if (token !== null && ![text, html ?? text].every((part) => part.includes(token)))
    return 'a mail without the link'
  return null
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.isWellFormed()
}

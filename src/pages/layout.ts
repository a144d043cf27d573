import { html } from 'hono/html'
import type { Look } from './look.ts'
import { fill } from './words.ts'

/** A page and its policies. */
export interface Page {
  readonly html: string
  /** The value of the `Content-Security-Policy` header. */
  readonly contentSecurityPolicy: string
  /** The value of the `Referrer-Policy` header. */
  readonly referrerPolicy: string
  /** Whether it asks for passkeys, which the `Permissions-Policy` header must allow. */
  readonly asksForPasskeys: boolean
}

/** Markup in which every value is escaped. */
export type Markup = ReturnType<typeof html>

/** What is special about a page. */
interface Layout {
  readonly title: string
  readonly body: Markup
  /** Whether the page shows an error. */
  readonly hasProblem?: boolean
  /** The entry of the page in the navigation. Only account pages have a navigation. */
  readonly entry?: AccountEntry
  /** What the page needs besides the script of every page. */
  readonly scripts?: readonly Script[]
  /** Whether the page cannot be shown again, so that it has no links to other languages. */
  readonly isShownOnce?: true
  /** Whether a mailed link opens the page. It has its own script, and no referrer, because its URL held a secret. */
  readonly behindLink?: true
  /** The URL to which the page sends the browser on at once. */
  readonly leadsTo?: string
}

/** `more`: new passwords, mailed codes, times and recovery codes. `passkeys`: asks for them. `signals`: tells password managers about them. */
type Script = 'more' | 'passkeys' | 'signals'

/** The pages of the account, in the order of their navigation. */
export const ACCOUNT_PAGES = {
  overview: '/account',
  profile: '/account/profile',
  email: '/account/email',
  password: '/account/password',
  passkeys: '/account/passkeys',
  factors: '/account/factors',
  identities: '/account/identities',
  sessions: '/account/sessions',
  activity: '/account/activity',
  data: '/account/data',
} as const
export type AccountEntry = keyof typeof ACCOUNT_PAGES

/** The pages of the account that are served. */
export function accountEntries({
  canChangeEmail,
  hasPasskeys,
  hasFactors,
  providers,
}: Look): readonly AccountEntry[] {
  const isServed = {
    email: canChangeEmail,
    passkeys: hasPasskeys,
    factors: hasFactors,
    identities: providers.length > 0,
  }
  const entries = Object.keys(ACCOUNT_PAGES) as AccountEntry[]
  return entries.filter((entry) => isServed[entry as keyof typeof isServed] ?? true)
}

/** Puts the body of a page into the common document. */
export function layOut(look: Look, layout: Layout): Page {
  const { title, body, hasProblem = false, entry, scripts = [], isShownOnce, behindLink, leadsTo } = layout
  const { locale, texts, site, assets } = look
  const fullTitle = `${title} – ${site.name}`
  const urlOf = ({ name }: { readonly name: string }) => `${look.basePath}/assets/${name}`
  const page = html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${leadsTo !== undefined && html`<meta http-equiv="refresh" content="0;url=${leadsTo}">\n`}<title>${hasProblem ? fill(texts.shell.errorTitle, { title: fullTitle }) : fullTitle}</title>
<link rel="icon" href="${urlOf(assets.icon)}">
<link rel="stylesheet" href="${urlOf(assets.style)}">
${(behindLink ? [assets.linkScript] : [assets.script, ...scripts.map((name) => assets[FILES[name]])]).map((script) => html`<script type="module" src="${urlOf(script)}"></script>\n`)}</head>
<body${entry !== undefined && html` class="wide"`}>
<a class="skip" href="#main">${texts.shell.skip}</a>
<header>
<p class="brand" translate="no">${assets.logo !== null && html`<img src="${urlOf(assets.logo)}" alt="" height="32">`}${site.name}</p>
${look.user && signOutForm(look, look.user)}</header>
${entry !== undefined && navigation(look, entry)}<main id="main" tabindex="-1">
${body}
</main>
${footer(look, isShownOnce)}</body>
</html>
`
  return {
    html: page.toString(),
    contentSecurityPolicy: policyOf(look),
    referrerPolicy: behindLink ? 'no-referrer' : 'same-origin',
    asksForPasskeys: scripts.includes('passkeys'),
  }
}

const FILES = { more: 'moreScript', passkeys: 'passkeyScript', signals: 'signalScript' } as const

/**
 * Browsers apply `form-action` to the redirect after a form too, so it lists every origin to which a form may lead. The referrer
 * policy is `same-origin`, because with `no-referrer` a form would send `Origin: null`, which the guard refuses.
 */
function policyOf({ formTargets }: Look): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}

function signOutForm({ basePath, texts }: Look, { email }: { readonly email: string }): Markup {
  return html`<form method="post" action="${basePath}/sign_out">
<span class="who" translate="no" title="${fill(texts.shell.signedInAs, { email })}">${email}</span>
<button class="quiet" type="submit">${texts.shell.signOut}</button>
</form>
`
}

function navigation(look: Look, entry: AccountEntry): Markup {
  const { basePath, texts } = look
  return html`<nav class="tabs" aria-label="${texts.shell.account}"><ul>
${accountEntries(look).map((name) => html`<li><a href="${basePath}${ACCOUNT_PAGES[name]}"${name === entry && html` aria-current="page"`}>${texts.account.navigation[name]}</a></li>\n`)}</ul></nav>
`
}

/** Help is in the same place on every page (WCAG 2.2, 3.2.6). */
function footer({ here, locale, site, texts }: Look, isShownOnce = false): Markup {
  const { links, supportContact } = site
  const entries = [
    [texts.shell.help, links.help],
    [texts.shell.contact, supportContact?.href ?? null],
    [texts.shell.terms, links.terms],
    [texts.shell.privacy, links.privacy],
    [texts.shell.imprint, links.imprint],
  ].filter((entry): entry is [string, string] => entry[1] !== null)
  const inLanguage = (tag: string) => `${here}${here.includes('?') ? '&' : '?'}lang=${tag}`
  return html`<footer>
${entries.length > 0 && html`<ul class="links">${entries.map(([label, url]) => html`<li><a href="${url}">${label}</a></li>`)}</ul>\n`}${!isShownOnce && site.languages.length > 1 && html`<nav aria-label="${texts.shell.languages}"><ul class="links" translate="no">${site.languages.map((tag) => html`<li><a href="${inLanguage(tag)}" lang="${tag}" hreflang="${tag}"${tag === locale && html` aria-current="true"`}>${LANGUAGE_NAMES[tag]}</a></li>`)}</ul></nav>\n`}</footer>
`
}

/** The languages in their own words. */
export const LANGUAGE_NAMES = { en: 'English', fr: 'Français', de: 'Deutsch', es: 'Español' }

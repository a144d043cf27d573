import { html } from 'hono/html'
import type { Account } from '../../model/user.ts'
import { form } from '../form.ts'
import { icon } from '../icons.ts'
import { ACCOUNT_PAGES, accountEntries, layOut, type Markup, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { dayIn } from '../times.ts'
import { fill } from '../words.ts'
import type { OwnFactors } from './factors.ts'

const ICONS = {
  profile: 'person',
  email: 'envelope',
  password: 'key',
  passkeys: 'fingerprint',
  factors: 'shield',
  identities: 'link',
  sessions: 'device',
  activity: 'clock',
  data: 'file',
} as const

/** The first page of the account. */
export function renderAccount(
  look: Look,
  {
    user,
    factors,
    isOffered,
  }: {
    readonly user: Account
    /** `null` if the service has no second factors. */
    readonly factors: OwnFactors | null
    /** Whether to offer a passkey: `false` if the offer was declined in this browser. */
    readonly isOffered: boolean
  },
): Page {
  const { navigation, overview } = look.texts.account
  const body = html`<h1>${overview.heading}</h1>
<dl>
<dt>${overview.email}</dt><dd translate="no">${user.email}</dd>
${user.name !== null && html`<dt>${overview.name}</dt><dd translate="no"><bdi>${user.name}</bdi></dd>\n`}<dt>${overview.memberSince}</dt><dd>${dayIn(look.locale, user.createdAt)}</dd>
</dl>
${factors !== null && missing(look, factors, isOffered)}<h2>${overview.manage}</h2>
<ul class="list">
${accountEntries(look).map((entry) => entry !== 'overview' && html`<li>${icon(ICONS[entry], '')}<div><a href="${look.basePath}${ACCOUNT_PAGES[entry]}">${navigation[entry]}</a><p>${overview.about[entry]}</p></div></li>\n`)}</ul>`
  return layOut(look, { title: overview.heading, body, entry: 'overview', scripts: ['more'] })
}

/** With fewer recovery codes than this, the page suggests new ones. */
const FEW_CODES = 4

/** Suggests what makes the account safer: another factor, recovery codes, or a passkey. */
function missing(
  look: Look,
  { totp, passkeys, recoveryCodes: count, secondFactorEnabled }: OwnFactors,
  isOffered: boolean,
): Markup {
  const { missing: words } = look.texts.account.overview
  const link = (path: string, label: string) => html`<a href="${look.basePath}${path}">${label}</a>`
  const ways = (totp === null ? 0 : 1) + passkeys.length
  if (secondFactorEnabled && ways === 1 && count === 0)
    return card(words.heading, html`${words.noSecondWay} ${link(ACCOUNT_PAGES.factors, words.addSecondWay)}`)
  if (secondFactorEnabled && count < FEW_CODES)
    return card(
      words.heading,
      html`${fill(words.codesLeft, { count })} ${link(ACCOUNT_PAGES.factors, words.renewCodes)}`,
    )
  if (look.hasPasskeys && passkeys.length === 0 && isOffered)
    return card(
      words.offerHeading,
      html`${look.texts.passkeys.explain} ${link(ACCOUNT_PAGES.passkeys, words.offer)}`,
      form(
        look,
        {
          action: '/account/decline_passkey',
          submit: words.decline,
          label: words.declineNamed,
          style: 'quiet',
        },
        html``,
      ),
    )
  return html``
}

function card(heading: string, text: Markup, below = html``): Markup {
  return html`<section class="card"><h2>${heading}</h2>
<p>${text}</p>${below}</section>
`
}

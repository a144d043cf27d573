/**
 * Runs in the browser, on the pages that mailed links open. Everything that differs between pages and languages is in the
 * markup. The script writes text only, never markup.
 */

/**
 * The error body of a refused request, and the seconds to wait before trying again.
 *
 * @typedef {{ code: string, field?: string, request_id?: string, retryAfter?: number, [detail: string]: unknown }} Refusal
 */

const form = /** @type {HTMLFormElement} */ (document.querySelector('form'))
const password = /** @type {HTMLInputElement} */ (element('password'))
const username = /** @type {HTMLInputElement | null} */ (document.getElementById('username'))
const reveal = element('reveal')
const submit = /** @type {HTMLButtonElement} */ (element('send'))
const problem = element('problem')
const panels = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-panel]')])
const problemList = /** @type {HTMLTemplateElement} */ (element('problems'))
const problems = /** @type {HTMLElement[]} */ ([...problemList.content.children])

// The token of the link, and the fragment that it came in. They are kept only here: not in storage, not in a field, and not in
// the address bar.
let token = ''
let fragment = location.hash
/** The end of the page title: the name of the service. */
const service = document.title.slice(document.title.lastIndexOf(' – '))

openLink()

// Another link was opened in this tab, so start again with it.
addEventListener('hashchange', () => location.reload())

// The page in another language needs the token too, also in a new tab. A link has it only while it is followed.
for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('a[hreflang]')))
  for (const type of /** @type {const} */ (['click', 'auxclick']))
    link.addEventListener(type, ({ button }) => {
      // The right button opens a menu, which can copy the link.
      if (button === 2) return
      link.hash = fragment
      setTimeout(() => {
        link.hash = ''
      })
    })

reveal.addEventListener('click', () => setRevealed(password.type === 'password'))

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  if (submit.disabled) return
  say('')
  setRevealed(false)
  if (password.value === '') return complain({ code: 'missing_field' })
  setBusy(true)
  const refusal = await send()
  setBusy(false)
  if (refusal === null) finish('done')
  else if (panels.some(({ dataset }) => dataset.panel === refusal.code)) finish(refusal.code)
  // The other fields come from the link.
  else if (refusal.field && refusal.field !== password.name) finish('incomplete')
  else complain(refusal)
})

/**
 * Reads the token from the fragment, which browsers never send to a server, and removes it from the address bar and
 * the history. Sends nothing, because a mail scanner may have opened the link.
 */
function openLink() {
  const link = new URLSearchParams(fragment.slice(1))
  history.replaceState(null, '', location.href.split('#', 1)[0])
  token = link.get('token') || ''
  let isComplete = token !== ''
  if (username) {
    username.value = link.get('email') || ''
    element('account').textContent = username.value
    // Anyone can craft a link, so show only what looks like an address.
    isComplete &&= /^[^\s@]+@[^\s@]+$/.test(username.value) && username.value.length <= 254
  }
  element('host').textContent = location.host
  show(isComplete ? 'ask' : 'incomplete')
}

/**
 * Sends the form.
 *
 * @returns {Promise<Refusal | null>} The refusal, or null on success.
 */
async function send() {
  const { url = '', method = '', tokenField = '' } = form.dataset
  try {
    const response = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...Object.fromEntries(new FormData(form)), [tokenField]: token }),
      // No `mode: 'same-origin'`: with it, a page without a referrer sends `Origin: null` (Fetch standard).
      credentials: 'same-origin',
      redirect: 'error',
      signal: AbortSignal.timeout(30_000),
    })
    if (response.ok) return null
    return { ...(await response.json()), retryAfter: Number(response.headers.get('retry-after')) }
  } catch {
    // No response, or not one from the service.
    return { code: 'no_answer' }
  }
}

/** @param {Refusal} refusal */
function complain(refusal) {
  const { code, request_id, retryAfter = 0 } = refusal
  const until = retryAfter >= 1 ? problemOf(`${code}_until`) : undefined
  const found = until ?? problemOf(code) ?? /** @type {HTMLElement} */ (problemOf('internal_error'))
  const isFault = found.dataset.code === 'internal_error'
  const text = (found.textContent ?? '').replace(/\{(\w+)\}/g, (_, name) =>
    name === 'time' ? inWords(retryAfter) : inDigits(Number(refusal[name])),
  )
  say(isFault && request_id ? `${text} (${request_id})` : text)
  const isAboutPassword = found.dataset.about === 'password'
  password.setAttribute('aria-invalid', String(isAboutPassword))
  if (!isAboutPassword) return submit.focus()
  password.focus()
  password.select()
}

/** @param {string} code */
function problemOf(code) {
  return problems.find(({ dataset }) => dataset.code === code)
}

/** @param {string} text */
function say(text) {
  problem.textContent = text
  password.removeAttribute('aria-invalid')
}

/**
 * Shows a final panel, forgets the token and the form, and moves the focus so that screen readers read the heading.
 *
 * @param {string} name
 */
function finish(name) {
  token = ''
  fragment = ''
  form.reset()
  show(name)
  const panel = panels.find(({ hidden }) => !hidden)
  const heading = /** @type {HTMLElement} */ (panel?.querySelector('h1'))
  document.title = `${heading.textContent}${service}`
  heading.focus()
}

/** @param {string} name */
function show(name) {
  for (const panel of panels) panel.hidden = panel.dataset.panel !== name
}

/** @param {boolean} isRevealed */
function setRevealed(isRevealed) {
  password.type = isRevealed ? 'text' : 'password'
  reveal.setAttribute('aria-pressed', String(isRevealed))
}

/** @param {boolean} isBusy */
function setBusy(isBusy) {
  submit.disabled = isBusy
  submit.textContent = (isBusy ? submit.dataset.sending : submit.dataset.ready) ?? ''
}

/**
 * A duration such as "2 minutes", rounded up.
 *
 * @param {number} seconds
 */
function inWords(seconds) {
  const [size, unit] = seconds < 90 ? [1, 'second'] : seconds < 5400 ? [60, 'minute'] : [3600, 'hour']
  return inDigits(Math.ceil(seconds / Number(size)), {
    style: 'unit',
    unit: String(unit),
    unitDisplay: 'long',
  })
}

/**
 * @param {number} number
 * @param {Intl.NumberFormatOptions} [format]
 */
function inDigits(number, format) {
  return new Intl.NumberFormat(document.documentElement.lang, format).format(number)
}

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id))
}

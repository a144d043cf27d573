/**
 * What runs in the browser, on every page: plain JavaScript, as it is sent. It is fixed (the page's policy names
 * it by its hash): what differs between pages and languages stands in the markup. It writes text only, never markup.
 */
export const SCRIPT = `
(() => {
  'use strict'

  const form = document.querySelector('form')
  const password = document.getElementById('password')
  const username = document.getElementById('username')
  const reveal = document.getElementById('reveal')
  const submit = document.getElementById('send')
  const problem = document.getElementById('problem')
  const panels = [...document.querySelectorAll('[data-panel]')]
  const problems = [...document.getElementById('problems').content.children]

  // The secret of the link. It is here and nowhere else: in no storage, no field, and soon no address either.
  let token = ''

  openLink()

  // Another link, opened in this tab: the page starts afresh with it.
  addEventListener('hashchange', () => location.reload())

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
    // Whatever is wrong with another field came with the link.
    else if (refusal.field && refusal.field !== password.name) finish('incomplete')
    else complain(refusal)
  })

  // Takes the secret from the fragment, which no server and no referrer ever sees, and drops it from the
  // address bar and the history at once. Nothing is sent: what opens a link may be a mail scanner.
  function openLink() {
    const link = new URLSearchParams(location.hash.slice(1))
    history.replaceState(null, '', location.href.split('#', 1)[0])
    token = link.get('token') || ''
    let isComplete = token !== ''
    if (username) {
      username.value = link.get('email') || ''
      document.getElementById('account').textContent = username.value
      // What is no address is not shown: anybody can write a link.
      isComplete &&= /^[^\\s@]+@[^\\s@]+$/.test(username.value) && username.value.length <= 254
    }
    document.getElementById('host').textContent = location.host
    show(isComplete ? 'ask' : 'incomplete')
  }

  // Resolves with the service's refusal, or with null where there is none.
  async function send() {
    try {
      const response = await fetch(form.dataset.url, {
        method: form.dataset.method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...Object.fromEntries(new FormData(form)), [form.dataset.tokenField]: token }),
        // No 'mode': in 'same-origin', a page without referrer says 'Origin: null' by the Fetch standard.
        credentials: 'same-origin',
        redirect: 'error',
        signal: AbortSignal.timeout(30_000),
      })
      if (response.ok) return null
      return { ...(await response.json()), retryAfter: Number(response.headers.get('retry-after')) }
    } catch {
      // No answer, or one that is not the service's.
      return { code: 'no_answer' }
    }
  }

  function complain(refusal) {
    const { code, request_id, retryAfter } = refusal
    const until = retryAfter >= 1 && problemOf(code + '_until')
    const found = until || problemOf(code) || problemOf('internal_error')
    const isFault = found.dataset.code === 'internal_error'
    const text = found.textContent.replace(/\\{(\\w+)\\}/g, (_, name) => name === 'time' ? inWords(retryAfter) : inDigits(refusal[name]))
    say(text + (isFault && request_id ? ' (' + request_id + ')' : ''))
    const isAboutPassword = found.dataset.about === 'password'
    password.setAttribute('aria-invalid', String(isAboutPassword))
    if (!isAboutPassword) return submit.focus()
    password.focus()
    password.select()
  }

  function problemOf(code) {
    return problems.find(({ dataset }) => dataset.code === code)
  }

  function say(text) {
    problem.textContent = text
    password.removeAttribute('aria-invalid')
  }

  // The end of this page's work: it forgets what it knew, and the new heading is read out.
  function finish(panel) {
    token = ''
    form.reset()
    show(panel)
    const heading = panels.find(({ hidden }) => !hidden).querySelector('h1')
    document.title = heading.textContent
    heading.focus()
  }

  function show(name) {
    for (const panel of panels) panel.hidden = panel.dataset.panel !== name
  }

  function setRevealed(isRevealed) {
    password.type = isRevealed ? 'text' : 'password'
    reveal.setAttribute('aria-pressed', String(isRevealed))
  }

  function setBusy(isBusy) {
    submit.disabled = isBusy
    submit.textContent = isBusy ? submit.dataset.sending : submit.dataset.ready
  }

  // A wait as a person says it, and never shorter than it is.
  function inWords(seconds) {
    const [size, unit] = seconds < 90 ? [1, 'second'] : seconds < 5400 ? [60, 'minute'] : [3600, 'hour']
    const format = { style: 'unit', unit, unitDisplay: 'long' }
    return inDigits(Math.ceil(seconds / size), format)
  }

  function inDigits(number, format) {
    return new Intl.NumberFormat(document.documentElement.lang, format).format(number)
  }
})()
`

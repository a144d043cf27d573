/** Runs in the browser, on the pages with forms. They work without it. It writes text only, never markup. */

const summary = document.querySelector('.summary')
if (summary instanceof HTMLElement) summary.focus()

// A page from the back-forward cache may show what belongs to a session that has ended.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload()
})

for (const form of document.forms) {
  // The page stays when the answer is a file.
  if ('download' in form.dataset) continue
  form.addEventListener('submit', (event) => {
    // A double click sends once.
    if (form.dataset.sent) return event.preventDefault()
    form.dataset.sent = 'yes'
    const button = event.submitter
    if (button?.dataset.working) button.textContent = button.dataset.working
    // Not `disabled`: that would drop the button's own value from the form, and the focus.
    button?.setAttribute('aria-disabled', 'true')
  })
}

for (const button of document.querySelectorAll('button.reveal')) {
  const input = byId(button.getAttribute('aria-controls'))
  if (!(button instanceof HTMLElement) || !(input instanceof HTMLInputElement)) continue
  button.hidden = false
  const setRevealed = (/** @type {boolean} */ isRevealed) => {
    input.type = isRevealed ? 'text' : 'password'
    button.setAttribute('aria-pressed', String(isRevealed))
  }
  button.addEventListener('click', () => setRevealed(input.type === 'password'))
  // Browsers keep what was typed into a text field.
  input.form?.addEventListener('submit', () => setRevealed(false))
}

for (const count of document.querySelectorAll('[data-length-of]')) {
  if (!(count instanceof HTMLElement)) continue
  const { lengthOf = '', min = '', text = '', enough = '' } = count.dataset
  const input = byId(lengthOf)
  if (!(input instanceof HTMLInputElement) || min === '1') continue
  input.addEventListener('input', () => {
    // Code points, as the service counts.
    const length = [...input.value].length
    const said = length === 0 ? '' : length >= Number(min) ? enough : text
    count.textContent = said.replace('{count}', String(length)).replace('{min_length}', min)
  })
}

// Times arrive in UTC. The browser may name a region for the language of the page.
const { lang } = document.documentElement
const region = navigator.languages.find((tag) => tag === lang || tag.startsWith(`${lang}-`)) ?? lang
for (const time of document.querySelectorAll('time')) {
  const format = new Intl.DateTimeFormat(region, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    ...(!('day' in time.dataset) && { hour: 'numeric', minute: '2-digit' }),
  })
  time.textContent = format.format(new Date(time.dateTime))
}

/** @param {string | null} id */
function byId(id) {
  return document.getElementById(id ?? '')
}

/** Runs in the browser, on every page but those behind mailed links. The pages work without it. It writes text only, never markup. */

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
    // The box on the sign-in page counts for every way to sign in.
    if (form.remember) form.remember.disabled = !!document.querySelector('#remember:not(:checked)')
    const button = event.submitter
    if (button?.dataset.working) button.textContent = button.dataset.working
    // Not `disabled`: that would drop the button's own value from the form, and the focus.
    button?.setAttribute('aria-disabled', 'true')
  })
}

for (const button of document.querySelectorAll('button.reveal')) {
  const input = document.getElementById(button.getAttribute('aria-controls') ?? '')
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

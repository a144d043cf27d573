/**
 * Runs in the browser, on every page except those that mailed links open. The pages work without it. It writes text only, never
 * markup.
 */

const summary = document.querySelector('.summary')
if (summary instanceof HTMLElement) summary.focus()

// A page from the back-forward cache may show data of a session that has ended.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload()
})

for (const form of document.forms) {
  // The answer is a file, so the page stays and the form must keep working.
  if ('download' in form.dataset) continue
  form.addEventListener('submit', (event) => {
    // Send once, even after a double click.
    if (form.dataset.sent) return event.preventDefault()
    form.dataset.sent = 'yes'
    // The box on the sign-in page applies to every way to sign in.
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
  // Browsers remember what was typed into a text field.
  input.form?.addEventListener('submit', () => setRevealed(false))
}

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
  let isSent = false
  form.addEventListener('submit', (event) => {
    // Send once, even after a double click.
    if (isSent) return event.preventDefault()
    isSent = true
    // The box on the sign-in page applies to every way to sign in.
    if (form.remember) form.remember.disabled = !!document.querySelector('#remember:not(:checked)')
    const button = event.submitter
    const label = button?.textContent
    // Not `disabled`: that would drop the button's own value from the form, and the focus.
    const show = (/** @type {string | undefined} */ textContent, /** @type {string | null} */ ariaDisabled) =>
      button && Object.assign(button, { textContent, ariaDisabled })
    show(button?.dataset.working ?? label, 'true')
    // If the page is still here, the user has stopped the browser, the connection is lost, or the answer is slow.
    setTimeout(() => {
      isSent = false
      show(label, null)
    }, 10_000)
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

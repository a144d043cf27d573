/**
 * Runs in the browser, on the pages with new passwords, mailed codes, times or recovery codes. The pages work without it. It writes text only,
 * never markup.
 */

for (const count of document.querySelectorAll('[data-length-of]')) {
  if (!(count instanceof HTMLElement)) continue
  const { lengthOf = '', min = '', text = '', enough = '' } = count.dataset
  const input = document.getElementById(lengthOf)
  if (!(input instanceof HTMLInputElement) || min === '1') continue
  input.addEventListener('input', () => {
    // Count code points, as the service does.
    const length = [...input.value].length
    const said = length === 0 ? '' : length >= Number(min) ? enough : text
    count.textContent = said.replace('{count}', String(length)).replace('{min_length}', min)
  })
}

// After a form that mails something, the fragment has the address that was typed. Anyone can craft a link, so show only what looks
// like an address, and fill in no form that does not show it, such as that for a new account.
const account = document.getElementById('account')
const typed = new URLSearchParams(location.hash.slice(1)).get('email') ?? ''
if (account !== null && /^[^\s@]+@[^\s@]+$/.test(typed) && typed.length <= 254) {
  history.replaceState(null, '', location.href.split('#', 1)[0])
  for (const field of document.querySelectorAll('[autocomplete~="username"]'))
    if (field instanceof HTMLInputElement && field.value === '') field.value = typed
  account.textContent = typed
  account.hidden = false
}

// Times arrive in UTC. Format them for the user's region, if the browser names one for the language of the page.
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

// Recovery codes can be copied, printed and kept as a file.
for (const tools of document.querySelectorAll('[data-codes]')) {
  if (!(tools instanceof HTMLElement)) continue
  const { codes = '', file = '' } = tools.dataset
  const list = document.getElementById(codes)
  const text = [...(list?.querySelectorAll('li') ?? [])].map((item) => `${item.textContent}\n`).join('')
  tools.hidden = false
  // Browsers have a clipboard only with https, or on localhost.
  const copy = tools.querySelector('[data-act="copy"]')
  if (copy instanceof HTMLElement) copy.hidden = navigator.clipboard === undefined
  tools.addEventListener('click', ({ target }) => {
    if (!(target instanceof HTMLButtonElement)) return
    const { act, done = '' } = target.dataset
    if (act === 'print') print()
    if (act === 'copy')
      navigator.clipboard.writeText(text).then(
        () => {
          target.textContent = done
        },
        // The user has refused. The codes are still on the page.
        () => {},
      )
    if (act === 'save') {
      const link = document.createElement('a')
      link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
      link.download = file
      link.click()
      URL.revokeObjectURL(link.href)
    }
  })
}

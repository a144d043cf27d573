import type { Mutant } from './mutant.ts'

const FORM = 'src/pages/form.ts'
const STYLE = 'src/pages/browser/page.css'
const LAYOUT = 'src/pages/layout.ts'
const RETURN_TO = 'src/app/pages/return-to.ts'

export const PAGES: readonly Mutant[] = [
  {
    id: 'API-18',
    does: 'leads to any origin',
    file: RETURN_TO,
    find: 'return allowed.has(url.origin) ? url.href : null',
    replace: 'return url.href',
  },
  {
    id: 'API-18',
    does: 'reads backslashes and tabs differently than browsers',
    file: RETURN_TO,
    find: ' || MISREAD.test(text)) return null',
    replace: ') return null',
  },
  {
    id: 'API-18',
    does: 'leads to a path that names a host',
    file: RETURN_TO,
    find: " || url.pathname.startsWith('//')) return null",
    replace: ') return null',
  },
  {
    id: 'PGE-01',
    does: 'posts to a path that does not exist',
    file: FORM,
    find: 'action="${basePath}${action}"',
    replace: 'action="${basePath}/form${action}"',
  },
  {
    id: 'PGE-02',
    does: 'leaves the focus where it is',
    file: FORM,
    find: 'role="alert" tabindex="-1" autofocus',
    replace: 'role="alert" tabindex="-1"',
  },
  {
    id: 'PGE-03',
    does: 'does not declare the language',
    file: LAYOUT,
    find: '<html lang="${locale}">',
    replace: '<html>',
  },
  {
    id: 'PGE-04',
    does: 'has a width that does not fit a phone',
    file: STYLE,
    find: '  width: 100%;\n  max-width: var(--width);',
    replace: '  width: 40rem;',
  },
  {
    id: 'PGE-05',
    does: 'has a sentence of its own',
    file: 'src/pages/sign-in.ts',
    find: '<h1>${signIn.heading}</h1>',
    replace: '<h1>Sign in</h1>',
  },
  {
    id: 'PGE-06',
    does: 'does not show the focus',
    file: STYLE,
    find: 'outline: 3px solid var(--accent);',
    replace: 'outline: 0;',
  },
  {
    id: 'PGE-07',
    does: 'moves for people who want no motion',
    file: STYLE,
    find: '@media (prefers-reduced-motion: no-preference)',
    replace: '@media all',
  },
  {
    id: 'PGE-08',
    does: 'shows a button that does nothing without script',
    file: FORM,
    find: 'type="button" hidden aria-pressed',
    replace: 'type="button" aria-pressed',
  },
  {
    id: 'PGE-09',
    does: 'waits for the script',
    file: LAYOUT,
    find: '<script type="module" src=',
    replace: '<script src=',
  },
  {
    id: 'PGE-10',
    does: 'has text of a fixed size',
    file: STYLE,
    find: '  font:\n    1rem / 1.55 system-ui,',
    replace: '  font:\n    16px / 1.55 system-ui,',
  },
  {
    id: 'PGE-10',
    does: 'gives no more contrast to people who want it',
    file: STYLE,
    find: '@media (prefers-contrast: more)',
    replace: '@media (prefers-contrast: less)',
  },
  {
    id: 'PGE-10',
    does: 'prints the colors of the dark scheme',
    file: STYLE,
    find: '@media screen and (prefers-color-scheme: dark)',
    replace: '@media (prefers-color-scheme: dark)',
  },
  {
    id: 'PGE-10',
    does: 'prints forms',
    file: STYLE,
    find: '  footer,\n  body form,',
    replace: '  footer,',
  },
]

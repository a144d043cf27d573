import { OptionError } from '../errors.ts'

/** Reads an http or https address that names a place and nothing else. @throws {OptionError} */
export function parseHttpUrl(option: string, text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || !/^https?:\/\//i.test(text))
    throw new OptionError(option, 'expected an address, as in https://example.com')
  if (
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '' ||
    url.hash !== '' ||
    /[?#]$/.test(text)
  )
    throw new OptionError(option, 'takes no user, no query and no fragment')
  return url
}

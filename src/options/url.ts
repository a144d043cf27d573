/** Parses an http or https URL without a user, query or fragment. @throws {TypeError} */
export function parseHttpUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || !/^https?:\/\//i.test(text))
    throw new TypeError('expected an http or https URL, such as https://example.com')
  if (
    url.username !== '' ||
    url.password !== '' ||
    url.search !== '' ||
    url.hash !== '' ||
    /[?#]$/.test(text)
  )
    throw new TypeError('must not contain a user, a query or a fragment')
  return url
}

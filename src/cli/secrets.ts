/** Finds secrets on the command line, which every user of the machine can read. */

/** Whether a URL contains a password. The PostgreSQL driver accepts one in either place. */
export function hasPassword(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.password !== '' || url.searchParams.has('password'))
}

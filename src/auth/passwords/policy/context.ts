import { domainToUnicode } from 'node:url'
import { codePointsIn, fold } from './characters.ts'

/** Shorter words are part of too many others. In code points. */
const WORD_MIN_LENGTH = 4
/** So much has to be left of a password beside the words, in code points: the least length of any (NIST). */
const REST_MIN_LENGTH = 8

/** What anybody knows of the service: its name, its host and the host's parts, the operator's words. */
export function serviceWords(service: {
  readonly baseUrl: string
  readonly contextWords: readonly string[]
}): string[] {
  const host = URL.parse(service.baseUrl)?.hostname ?? ''
  return words(['bienvenue', ...domainWords(host), ...service.contextWords])
}

/** What anybody knows of an account: its address, and the parts of it. */
export function accountWords(email: string | null): string[] {
  if (email === null) return []
  const at = email.lastIndexOf('@')
  const localPart = email.slice(0, Math.max(at, 0))
  return words([email, localPart, ...localPart.split(/[.+_-]/), ...domainWords(email.slice(at + 1))])
}

/** A domain and its labels but the last, which is `com` or the like; both in punycode and as it is read. */
function domainWords(domain: string): string[] {
  return [domain, domainToUnicode(domain)].flatMap((form) => [form, ...form.split('.').slice(0, -1)])
}

function words(texts: readonly string[]): string[] {
  const folded = texts.map((text) => fold(text.trim()))
  return [...new Set(folded)].filter((word) => codePointsIn(word) >= WORD_MIN_LENGTH)
}

/**
 * Whether a password has some of the words in it, and fewer than 8 code points besides. All of it folded.
 * The work is bounded by the length of the password times that of the words together.
 */
export function isMostly(words: readonly string[], password: string): boolean {
  const isWord = new Uint8Array(password.length)
  for (const word of words) {
    // Occurrences may overlap: each is looked for in the whole password, so that their order does not matter.
    for (let at = password.indexOf(word); at !== -1; at = password.indexOf(word, at + 1))
      isWord.fill(1, at, at + word.length)
  }
  let rest = 0
  let at = 0
  for (const character of password) {
    if (isWord[at] === 0) rest++
    at += character.length
  }
  return rest < REST_MIN_LENGTH && isWord.includes(1)
}

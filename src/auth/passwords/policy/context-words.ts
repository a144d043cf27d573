/** Words that an attacker tries first, because they know the service and the account. */
import { domainToUnicode } from 'node:url'
import { codePointsIn, fold } from './characters.ts'

/** In code points. Shorter words are part of too many others. */
const WORD_MIN_LENGTH = 4
/**
 * In code points. At least this much of a password must be left without the words: the minimum length of NIST SP
 * 800-63B.
 */
const REST_MIN_LENGTH = 8

/** What everyone knows about the service: its name, its host name with its parts, and the words of the operator. */
export function serviceWords(service: {
  readonly baseUrl: string
  readonly contextWords: readonly string[]
}): string[] {
  const host = URL.parse(service.baseUrl)?.hostname ?? ''
  return words(['bienvenue', ...domainWords(host), ...service.contextWords])
}

/** What everyone may know about an account: its address with its parts. */
export function accountWords(email: string | null): string[] {
  if (email === null) return []
  const at = email.lastIndexOf('@')
  const localPart = email.slice(0, Math.max(at, 0))
  return words([email, localPart, ...localPart.split(/[.+_-]/), ...domainWords(email.slice(at + 1))])
}

/** A domain and its labels except the last, in punycode and in Unicode. */
function domainWords(domain: string): string[] {
  return [domain, domainToUnicode(domain)].flatMap((form) => [form, ...form.split('.').slice(0, -1)])
}

function words(texts: readonly string[]): string[] {
  const folded = texts.map((text) => fold(text.trim()))
  return [...new Set(folded)].filter((word) => codePointsIn(word) >= WORD_MIN_LENGTH)
}

/**
 * Whether a password contains one of the words and has fewer than 8 code points without them. All text must be folded.
 * The work is at most proportional to the length of the password times the total length of the words.
 */
export function isMostly(words: readonly string[], password: string): boolean {
  const isWord = new Uint8Array(password.length)
  for (const word of words) {
    // Mark overlapping occurrences too, so that the order of the words does not matter.
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

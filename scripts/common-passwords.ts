/**
 * Generates `src/auth/passwords/policy/common-passwords.txt` from a list of passwords in order of frequency:
 *
 *     node scripts/common-passwords.ts 10_million_password_list_top_1M.txt
 *
 * The source is that file of SecLists. `docs/security/passwords.md` explains its origin and which passwords are included.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'

const SOURCE_SHA256 = 'eac6323842b3261da0ef4c180c8e23f4d056522ea97c2925b8687f453b40a2be'
/**
 * The number of passwords seen at least twice among the ten million. The file has no counts, but passwords with the
 * same count are sorted from Z to A. The last such run starts after this line.
 */
const SEEN_TWICE = 755_986
const FLOORS = [8, 9, 10, 11, 12, 13, 14, 15]
/** The number of most common passwords to include for each minimum length. */
const PER_FLOOR = 3_000
const TARGET = 'src/auth/passwords/policy/common-passwords.txt'

/** The best rank of each password in lower case. 1 is the most common. */
function ranksOf(source: string): Map<string, number> {
  const ranks = new Map<string, number>()
  for (const [index, line] of source.trimEnd().split('\n').entries()) {
    const password = line.normalize('NFC').toLowerCase()
    if (!ranks.has(password)) ranks.set(password, index + 1)
  }
  return ranks
}

/**
 * How hard a password is to guess by joining common passwords: the smallest sum of log2 of the ranks over all ways to
 * cut it into pieces. Infinite if it cannot be cut into common passwords.
 */
function bitsOf(password: string, ranks: ReadonlyMap<string, number>): number {
  const bits = [0]
  for (let end = 1; end <= password.length; end++) {
    const ways = bits.map((before, start) => {
      const rank = ranks.get(password.slice(start, end)) ?? Number.POSITIVE_INFINITY
      return rank > SEEN_TWICE ? Number.POSITIVE_INFINITY : before + Math.log2(rank + 1)
    })
    bits.push(Math.min(...ways))
  }
  return bits.at(-1) ?? Number.POSITIVE_INFINITY
}

/** The passwords, most common first. Those seen only once come last, easiest to guess first. */
function inOrder(ranks: ReadonlyMap<string, number>): string[] {
  const shortest = Math.max(...FLOORS)
  const passwords = [...ranks.keys()]
  const seenOnce = passwords
    .slice(passwords.findIndex((password) => (ranks.get(password) ?? 0) > SEEN_TWICE))
    .filter((password) => password.length >= shortest)
    .map((password) => ({ password, bits: bitsOf(password, ranks) }))
    .filter(({ bits }) => Number.isFinite(bits))
    .sort((a, b) => a.bits - b.bits)
    .map(({ password }) => password)
  const seenOften = passwords.filter((password) => (ranks.get(password) ?? 0) <= SEEN_TWICE)
  return [...seenOften, ...seenOnce]
}

const [path = ''] = process.argv.slice(2)
const source = readFileSync(path)
if (createHash('sha256').update(source).digest('hex') !== SOURCE_SHA256)
  throw new Error(`${path} is not the expected file: its SHA-256 differs`)

const ordered = inOrder(ranksOf(source.toString('utf8')))
const chosen = new Set(
  FLOORS.flatMap((floor) => ordered.filter(({ length }) => length >= floor).slice(0, PER_FLOOR)),
)
// A look-up needs no order. Sort the file so that it is easy to read and compare.
writeFileSync(TARGET, `${[...chosen].sort().join('\n')}\n`)
for (const floor of FLOORS) {
  const long = [...chosen].filter(({ length }) => length >= floor)
  console.log(`${long.length} of ${floor} characters or more`)
}

import type { AuthError } from '../model/errors.ts'
import { wireName } from '../model/user-fields.ts'
import type { Look } from './look.ts'
import { durationIn, fill } from './words.ts'

/** What was typed into a form, and why it was refused. */
export interface FormState {
  /** What may be shown again, by field. Never a password or a code. */
  readonly values: Readonly<Record<string, string>>
  /** `null` if the form has not been sent. */
  readonly refusal: AuthError | null
}

/** A sentence about a form. */
export interface Problem {
  /** The field that it is about, or `null` for the form as a whole. */
  readonly field: string | null
  readonly text: string
}

/** The sentences of a form: by field and code, and under `form` for the form as a whole. */
export type FormProblems = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Keys that stand for the form as a whole, or for all user fields. */
const WHOLE: readonly string[] = ['form', 'metadata']

/** The problem to show, or `null` if there is none. */
export function problemOf({ refusal }: FormState, sentences: FormProblems, look: Look): Problem | null {
  if (refusal === null) return null
  const { code } = refusal
  const named = refusal.field && wireName(refusal.field)
  const about = [named, ...Object.keys(sentences)].find(
    (field) => field !== undefined && sentences[field]?.[code] !== undefined,
  )
  const sentence = (about && sentences[about]?.[code]) ?? generalSentence(refusal, look)
  const wait = refusal.retryAfterSeconds
  const text = fill(sentence, {
    min_length: refusal.minLength ?? '',
    max_bytes: refusal.maxBytes ?? '',
    time: wait === undefined ? '' : durationIn(look.locale, wait),
  })
  return { field: about === undefined || WHOLE.includes(about) ? null : about, text }
}

function generalSentence({ code, retryAfterSeconds }: AuthError, { texts }: Look): string {
  const { problems } = texts
  if (code === 'too_many_attempts' && retryAfterSeconds !== undefined) return problems.too_many_attempts_until
  return (problems as Readonly<Record<string, string>>)[code] ?? problems.internal_error
}

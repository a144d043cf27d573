import { describe, expect, it } from 'vitest'
import {
  BOUNDARY,
  FIELDS,
  MULTIPART,
  PAIRS,
  part,
  parts,
  post,
  read,
  refusalOf,
} from '../../test/support/bodies.ts'

describe('readBody', () => {
  const disposed = (disposition: string, value = 'x') => `Content-Disposition: ${disposition}\r\n\r\n${value}`
  const [EMAIL_PART, PASSWORD_PART] = PAIRS.map(([name, value]) => part(name, value)) as [string, string]
  const withHeaders = (headers: string) =>
    parts(part('email', FIELDS.email as string, headers), PASSWORD_PART)
  const withDisposition = (disposition: string) => parts(disposed(disposition, FIELDS.email), PASSWORD_PART)
  const ODD_BOUNDARY = "-a'()+_,-./:=? b"

  // RFC 7578, with the headers of RFC 2183 and the framing of RFC 2046, as sent by real clients.
  it.each([
    ['a Content-Length in each part (OkHttp)', withHeaders('Content-Length: 15\r\n')],
    [
      'a charset and a transfer encoding in each part (Apache HttpClient)',
      withHeaders('Content-Type: text/plain; charset=ISO-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n'),
    ],
    ['the transfer encoding binary', withHeaders('Content-Transfer-Encoding: binary\r\n')],
    ['the transfer encoding 7bit', withHeaders('content-transfer-encoding:7BIT \r\n')],
    ['a quoted charset', withHeaders('Content-Type: text/plain;charset="UTF-8"\r\n')],
    [
      'the type before the name, which is unquoted (.NET)',
      parts(
        `Content-Type: text/plain; charset=utf-8\r\n${disposed('form-data; name=email', FIELDS.email)}`,
        PASSWORD_PART,
      ),
    ],
    [
      'headers in lower case and a binary transfer encoding (Dart http)',
      parts(
        `content-disposition: form-data; name="email"\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-transfer-encoding: binary\r\n\r\n${FIELDS.email}`,
        PASSWORD_PART,
      ),
    ],
    ['other part headers', withHeaders('X-Trace: 1\r\nContent-Language: en\r\nContent-ID: <1>\r\n')],
    ['no space after the semicolon', withDisposition('form-data;name="email"')],
    ['no space after the colon', parts(EMAIL_PART.replace(': ', ':'), PASSWORD_PART)],
    ['trailing whitespace on a line', withDisposition('form-data; name="email" \t ')],
    ['spaces around the equals sign', withDisposition('form-data; name = "email"')],
    ['an empty parameter', withDisposition('form-data; name="email";')],
    ['another parameter', withDisposition('form-data; name="email"; size=15')],
    ['a folded header', withDisposition('form-data;\r\n name="email"')],
    ['header and parameter names in any case', withDisposition('FORM-DATA; Name="email"')],
    ['a preamble', `To whom it may concern\r\n${parts(EMAIL_PART, PASSWORD_PART)}`],
    ['an epilogue', `${parts(EMAIL_PART, PASSWORD_PART)}Kind regards`],
    ['a leading empty line', `\r\n${parts(EMAIL_PART, PASSWORD_PART)}`],
    ['no final line break', parts(EMAIL_PART, PASSWORD_PART).slice(0, -2)],
  ])('accepts multipart with %s', async (_, body) => {
    expect(await read(post(MULTIPART, body))).toEqual(FIELDS)
  })

  it.each([
    ['quoted', `boundary="${BOUNDARY}"`, BOUNDARY],
    ['with every character that RFC 2046 allows', `boundary="${ODD_BOUNDARY}"`, ODD_BOUNDARY],
    ['unquoted although it needs quotes', 'boundary=----=_Part_1.2', '----=_Part_1.2'],
    ['of 70 characters', `boundary=${'b'.repeat(70)}`, 'b'.repeat(70)],
    ['beside a charset', `charset=ISO-8859-1; boundary=${BOUNDARY}`, BOUNDARY],
  ])('accepts a boundary %s', async (_, parameter, boundary) => {
    const body = parts(EMAIL_PART, PASSWORD_PART).replaceAll(BOUNDARY, boundary)
    expect(await read(post(`multipart/form-data; ${parameter}`, body))).toEqual(FIELDS)
  })

  it('uses the charset of a part rather than that of the form', async () => {
    const type = `${MULTIPART}; charset=iso-8859-1`
    const body = (charset: string) =>
      parts(part('email', 'é', `Content-Type: text/plain; charset=${charset}\r\n`), PASSWORD_PART)
    expect(await read(post(type, body('utf-8')))).toEqual({ ...FIELDS, email: 'é' })
    expect(await refusalOf(post(MULTIPART, body('iso-8859-1')))).toBe('unsupported_charset')
  })

  const TEXT = part('email', 'x')
  it.each<[string, string | Uint8Array<ArrayBuffer>, string]>([
    ['a file', parts(disposed('form-data; name="email"; filename="a.txt"')), 'invalid_field email'],
    ['a file without a name', parts(disposed('form-data; name="email"; filename=""')), 'invalid_field email'],
    [
      'a file with an unquoted name',
      parts(disposed('form-data; name=email; filename=a')),
      'invalid_field email',
    ],
    [
      'a file with an extended name',
      parts(disposed("form-data; name=email; filename*=utf-8''a")),
      'invalid_field email',
    ],
    [
      'a file of bytes that are not UTF-8',
      Buffer.concat([
        Buffer.from(`--${BOUNDARY}\r\n${disposed('form-data; name="avatar"; filename="a.png"', '')}`),
        Buffer.from([0x89, 0x50, 0xff]),
        Buffer.from(`\r\n--${BOUNDARY}--`),
      ]),
      'unknown_field avatar',
    ],
    [
      'a part in JSON',
      parts(part('email', '"x"', 'Content-Type: application/json\r\n')),
      'invalid_field email',
    ],
    [
      'a part of bytes',
      parts(part('email', 'x', 'Content-Type: application/octet-stream\r\n')),
      'invalid_field email',
    ],
    ['a percent-encoded name', parts(disposed('form-data; name="e%6Dail"')), 'unknown_field e%6Dail'],
    ['a byte order mark before a name', parts(part('\ufeffemail', 'x')), 'unknown_field \ufeffemail'],
    ['a name that is not ASCII', parts(part('émail', 'x')), 'unknown_field émail'],
    ['a prototype', parts(TEXT, part('__proto__', 'x'), part('password', 'x')), 'unknown_field __proto__'],
    ['a part without content', parts(part('email', '')), 'missing_field email'],
    ['no part', parts(), 'missing_field email'],
    [
      'a part in base64',
      parts(part('email', 'eA==', 'Content-Transfer-Encoding: base64\r\n')),
      'malformed_body',
    ],
    [
      'a quoted-printable part',
      parts(part('email', '=78', 'Content-Transfer-Encoding: quoted-printable\r\n')),
      'malformed_body',
    ],
    ['an escape in a name', parts(disposed('form-data; name="em\\ail"')), 'malformed_body'],
    ['an extended name', parts(disposed("form-data; name*=utf-8''email")), 'malformed_body'],
    [
      'a name and an extended one',
      parts(disposed("form-data; name=email; name*=utf-8''role")),
      'malformed_body',
    ],
    ['a name in continuations', parts(disposed('form-data; name=email; name*0=role')), 'malformed_body'],
    ['a part with two names', parts(disposed('form-data; name="role"; name="email"')), 'malformed_body'],
    [
      'a part with two dispositions',
      parts(`Content-Disposition: form-data; name="role"\r\n${TEXT}`),
      'malformed_body',
    ],
    [
      'a part with two types',
      parts(part('email', 'x', 'Content-Type: text/plain\r\n'.repeat(2))),
      'malformed_body',
    ],
    [
      'a malformed type',
      parts(part('email', 'x', 'Content-Type: text/plain; charset\r\n')),
      'malformed_body',
    ],
    ['a malformed disposition', parts(disposed('form-data; name="email')), 'malformed_body'],
    ['a line that is not a header', parts(`garbage\r\n${TEXT}`), 'malformed_body'],
    ['a space before the colon', parts(TEXT.replace(':', ' :')), 'malformed_body'],
    ['spaces after the boundary', parts(TEXT).replace('\r\n', '  \r\n'), 'malformed_body'],
    [
      'a part that ends in its headers',
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="email"\r\n--${BOUNDARY}--`,
      'malformed_body',
    ],
    ['a value that contains the boundary', parts(part('email', `x\r\n--${BOUNDARY}yz`)), 'malformed_body'],
    ['101 parts', parts(...Array<string>(101).fill(TEXT)), 'malformed_body'],
    ['100 parts', parts(...Array<string>(100).fill(TEXT)), 'repeated_field email'],
    ['no closing boundary', parts(TEXT).replace(/--\r\n$/, '\r\n'), 'malformed_body'],
    ['a body that is a form', 'email=x&password=x', 'malformed_body'],
  ])('refuses multipart with %s', async (_, body, refusal) => {
    expect(await refusalOf(post(MULTIPART, body))).toBe(refusal)
  })

  it('refuses multipart truncated at any point', async () => {
    const whole = parts(EMAIL_PART, PASSWORD_PART)
    const end = whole.lastIndexOf('--\r\n')
    for (let length = 1; length < end + 2; length++)
      expect(await refusalOf(post(MULTIPART, whole.slice(0, length)))).toBe('malformed_body')
  })
})

/** Reading a file of users, from its bytes to the fields of each line. */
import { PassThrough } from 'node:stream'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FIREBASE } from '../../../test/fixtures/hashes.ts'
import { UsageError } from '../command.ts'
import { parseFirebaseProject } from './firebase.ts'
import { LINE_MAX_BYTES, linesOf } from './lines.ts'
import { progressLine, startProgress } from './progress.ts'
import { csvRecords, jsonRecords } from './records.ts'

const NAMES = { ignored: new Set(['name']), known: ['email', 'hashed_password', 'locale'] }

async function* inPieces(bytes: Buffer, size = 7) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

type Reader = typeof jsonRecords

/** The records of a file, as `line: problem` or `line {fields}`. */
async function recordsOf(read: Reader, file: string | Buffer): Promise<string[]> {
  const records = await Array.fromAsync(read(linesOf(inPieces(Buffer.from(file))), NAMES))
  return records.map((record) =>
    'problem' in record
      ? `${record.line.number}: ${record.problem}`
      : `${record.line.number} ${JSON.stringify(record.fields)}`,
  )
}

describe('lines', () => {
  it('do not depend on how the bytes are split into chunks, and give the offset in the file', async () => {
    const content = fc.array(fc.constantFrom('a', 'é', '\n', '\r', '😀'), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(content, fc.integer({ min: 1, max: 9 }), async (letters, size) => {
        const text = letters.join('')
        const lines = await Array.fromAsync(linesOf(inPieces(Buffer.from(text), size)))
        const expected = text.endsWith('\n')
          ? text.slice(0, -1).split('\n')
          : text === ''
            ? []
            : text.split('\n')
        expect(lines.map(({ bytes }) => bytes.toString())).toEqual(text === '' ? [] : expected)
        expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => index + 1))
        expect(lines.at(-1)?.end ?? 0).toBe(Buffer.byteLength(text))
        expect(lines.at(-1)?.isLast ?? false).toBe(text !== '' && !text.endsWith('\n'))
      }),
    )
  })

  it('that are too long are cut off, and the lines after them are read', async () => {
    const file = Buffer.from(`${'x'.repeat(LINE_MAX_BYTES + 1)}\n${'y'.repeat(LINE_MAX_BYTES)}\nz`)
    const lines = await Array.fromAsync(linesOf(inPieces(file, 1_000)))
    expect(lines.map(({ bytes, isTooLong }) => [bytes.length, isTooLong])).toEqual([
      [LINE_MAX_BYTES, true],
      [LINE_MAX_BYTES, false],
      [1, false],
    ])
  })
})

const NOT_UTF8 = 'is not UTF-8. If the file is from Excel, convert it: iconv -f WINDOWS-1252 -t UTF-8'

describe('JSON lines', () => {
  it('are read with a byte order mark, any line breaks and blank lines', async () => {
    const file = '\ufeff{"email":"a"}\r\n\n  \n{"email":"é","name":"left out"}\n{"email":7}'
    expect(await recordsOf(jsonRecords, file)).toEqual([
      '1 {"email":"a"}',
      '4 {"email":"é"}',
      '5 {"email":7}',
    ])
  })

  it.each([
    ['{"email":"a"', '1: is not JSON; the file ends in the middle of the line'],
    ['{"email":"a","locale":tr', '1: is not JSON; the file ends in the middle of the line'],
    ['{"email":"a', '1: is not JSON; the file ends in the middle of the line'],
    ['nonsense', '1: is not JSON'],
    ["{'email':'a'}", '1: is not JSON'],
    ['{"email":"a"}{"email":"b"}', '1: is not JSON'],
    ['{"email":"a"\n', '1: is not JSON'],
    ['nonsense\n', '1: is not JSON'],
    ['null\n', '1: is not a JSON object'],
    ['"text"\n', '1: is not a JSON object'],
    ['{"email":"a"}{"email":"b"}\n', '1: is not JSON'],
    ['"email":"a"}\n', '1: is not JSON'],
    ['{"email":"a","locale":"fr","email":"b"}\n', '1: has the field email twice'],
    ['{"email":"a", "\\u0065mail" : "a"}\n', '1: has the field email twice'],
    ['{"email":"a","name":"b","name":"c"}\n', '1: has the field name twice'],
    ['{"metadata":{"plan":{"id":1,"x":[{}],"id":2}}}\n', '1: has the field metadata.id twice'],
    ['{"passkeys":[{"name":"a"},{"name":"b","name":"c"}]}\n', '1: has the field passkeys.name twice'],
    [
      '{"metadata":{"x":"1234567890123456789","y":[-1234567890123456789]}}',
      '1: metadata: has an integer that would be rounded; write it as text',
    ],
    [`{${'"a":1,'.repeat(40_000)}"a":1}\n`, '1: has the field a twice'],
    [Buffer.from('{"email":"é').subarray(0, -1), `1: ${NOT_UTF8}`],
    [Buffer.from([0x7b, 0xe9, 0x7d, 0x0a]), `1: ${NOT_UTF8}`],
    [`"${'x'.repeat(LINE_MAX_BYTES)}"\n`, '1: is longer than 262144 bytes'],
    [`{${'['.repeat(60_000)}\n`, '1: is not JSON'],
  ])('that cannot be read are reported by number and reason: %.20s', async (file, problem) => {
    expect(await recordsOf(jsonRecords, file)).toEqual([problem])
    const among = Buffer.concat([Buffer.from('{"email":"a"}\n'), Buffer.from(file)])
    expect(await recordsOf(jsonRecords, among)).toEqual(['1 {"email":"a"}', problem.replace('1:', '2:')])
  })

  it('may use a name again in another object', async () => {
    const line = '{"email":"{\\"email\\":1}","name":1,"metadata":{"email":[{"a":1},{"a":2}],"metadata":1}}'
    expect(await recordsOf(jsonRecords, line)).toEqual([
      '1 {"email":"{\\"email\\":1}","metadata":{"email":[{"a":1},{"a":2}],"metadata":1}}',
    ])
  })

  it('may have long numbers that are ignored, in text, or exact', async () => {
    const line =
      '{"name":1234567890123456789,"locale":"1234567890123456789","id":[10000000000000000,1.5e300]}'
    expect(await recordsOf(jsonRecords, line)).toEqual([
      '1 {"locale":"1234567890123456789","id":[10000000000000000,1.5e+300]}',
    ])
  })

  it('after the first are reported if they are not objects', async () => {
    expect(await recordsOf(jsonRecords, '{"email":"a"}\n[]\n{\n')).toEqual([
      '1 {"email":"a"}',
      '2: is not a JSON object',
      '3: is not JSON',
    ])
  })

  it.each([
    ['[]', /^Line 1 starts a JSON array, .+: jq -c '\.\[\]' FILE > users\.ndjson$/],
    ['[{"email":"a"},{"email":"b"}]', /^Line 1 starts a JSON array, /],
    ['[\n{"email":"a"},\n{"email":"b"}\n]\n', /^Line 1 starts a JSON array, /],
    ['\ufeff\r\n  [\r\n  {"email":"a"}', /^Line 2 starts a JSON array, /],
    [`[${'{"email":"a"},'.repeat(10_000)}{"email":"b"}]`, /^Line 1 starts a JSON array, /],
    ['{\n  "email": "a"\n}\n', /^Line 1 starts a JSON object that spans several lines, .+: jq -c '\.' FILE/],
    ['{\r\n\t"email": "a"\r\n}', /^Line 1 starts a JSON object that spans several lines/],
    ['email,hashed_password\na,b\n', /^Line 1 is not JSON\. If it .+ CSV file, add --format csv$/],
    ['\ufeff"hashed_password";"email"\n', /^Line 1 is not JSON\. .+ add --format csv$/],
  ])('of a file in another format are refused with a remedy: %.40s', async (file, says) => {
    await expect(recordsOf(jsonRecords, file)).rejects.toThrow(says)
    await expect(recordsOf(jsonRecords, file)).rejects.toBeInstanceOf(UsageError)
  })

  it('keep a field name that is special in JavaScript', async () => {
    const [record] = await Array.fromAsync(
      jsonRecords(linesOf(inPieces(Buffer.from('{"__proto__":{"a":1}}'))), NAMES),
    )
    if (record === undefined || !('fields' in record)) return expect.unreachable()
    expect(Object.keys(record.fields)).toEqual(['__proto__'])
  })
})

describe('CSV', () => {
  const HEAD = 'email,hashed_password,name\n'

  it('is read with values in quotes or without', async () => {
    const file = `\ufeffemail,hashed_password,"name"\r\na,b,c\r\n\r\n"a,1","b""2",\r\n"","",""`
    expect(await recordsOf(csvRecords, file)).toEqual([
      '2 {"email":"a","hashed_password":"b"}',
      '4 {"email":"a,1","hashed_password":"b\\"2"}',
      '5 {"email":"","hashed_password":""}',
    ])
  })

  it('has no value where databases write null', async () => {
    const file = String.raw`email,hashed_password,locale
\N,"\N",\Nb
\\N,\n,\N
NULL,"NULL",Null`
    expect(await recordsOf(csvRecords, file)).toEqual([
      String.raw`2 {"email":"","hashed_password":"\\N","locale":"\\Nb"}`,
      String.raw`3 {"email":"\\\\N","hashed_password":"\\n","locale":""}`,
      '4 {"email":"","hashed_password":"NULL","locale":"Null"}',
    ])
  })

  it.each([
    ['a,b\n', '2: has 2 values for 3 headings'],
    ['a,b,c,d\n', '2: has 4 values for 3 headings'],
    ['a,"b,c\n', '2: has a quote that is not closed on this line, or one inside a value that is not doubled'],
    [
      'a,b"c",d\n',
      '2: has a quote that is not closed on this line, or one inside a value that is not doubled',
    ],
    [
      'a,"b"c,d\n',
      '2: has a quote that is not closed on this line, or one inside a value that is not doubled',
    ],
    [Buffer.from([0xe9, 0x0a]), `2: ${NOT_UTF8}`],
  ])('lines that cannot be read are reported by number and reason: %s', async (line, problem) => {
    const file = Buffer.concat([Buffer.from(HEAD), Buffer.from(line), Buffer.from('x,y,z')])
    expect(await recordsOf(csvRecords, file)).toEqual([problem, '3 {"email":"x","hashed_password":"y"}'])
  })

  it.each([
    [
      'email,password\na,b',
      /^Line 1: not a field of a user: "password"; rename it, or leave it out with --ignore$/,
    ],
    ['\nemail;password;role\na;b;c', /^Line 2: not a field of a user: "password", "role"; /],
    ['1;a@b.c;$2b$\n', /^Line 1: not a field of a user: "1"; /],
    ['email|hashed_password\na|b', /^Line 1: not a field of a user: "email\|hashed_password"; /],
    ['email,hashed_password,email\n', /"email" appears twice/],
    ['email,locale\n', /the heading "hashed_password" is missing/],
    ['hashed_password\n', /the heading "email" is missing/],
    ['"email\n', /the heading line has a quote that is not closed/],
    ['{"email":"a"}\n', /^Line 1: this is JSON, not CSV; add --format json$/],
    ['\ufeff[{"email":"a"}]', /^Line 1: this is JSON, not CSV/],
  ])('with invalid headings is refused: %s', async (file, says) => {
    await expect(recordsOf(csvRecords, file)).rejects.toThrow(says)
  })

  it.each([
    ['semicolons', ';'],
    ['tabs', '\t'],
  ])('may be separated by %s, even with commas in its values', async (_, separator) => {
    const rows = [
      ['email', 'hashed_password', 'name'],
      ['a', 'b,c', ''],
      ['"a;\t1"', '', 'c'],
    ]
    const file = rows.map((cells) => `${cells.join(separator)}\r\n`).join('')
    expect(await recordsOf(csvRecords, file)).toEqual([
      '2 {"email":"a","hashed_password":"b,c"}',
      '3 {"email":"a;\\t1","hashed_password":""}',
    ])
  })

  it('is separated by commas if a heading contains semicolons', async () => {
    const names = { ...NAMES, ignored: new Set(['x;y;z']) }
    const lines = linesOf(inPieces(Buffer.from('email,hashed_password,"x;y;z"\na;b,c,d')))
    const [record] = await Array.fromAsync(csvRecords(lines, names))
    expect(record).toMatchObject({ fields: { email: 'a;b', hashed_password: 'c' } })
  })

  it('may have blank lines, a separator line for Excel, and line breaks with one or two CRs', async () => {
    const file = 'sep=;\r\n\r\r\nemail;hashed_password\r\r\n  \r\na;b\r\r\n;\r\n\t\nc;d'
    expect(await recordsOf(csvRecords, file)).toEqual([
      '5 {"email":"a","hashed_password":"b"}',
      '6 {"email":"","hashed_password":""}',
      '8 {"email":"c","hashed_password":"d"}',
    ])
  })

  it('round-trips any quoted values', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\t', ' ', 'é', '!'), maxLength: 8 })
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
    const separator = fc.constantFrom(',', ';', '\t')
    await fc.assert(
      fc.asyncProperty(cell, cell, separator, async (email, hash, between) => {
        const file = `email${between}hashed_password\n${quoted(email)}${between}${quoted(hash)}\n`
        expect(await recordsOf(csvRecords, file)).toEqual([
          `2 ${JSON.stringify({ email, hashed_password: hash })}`,
        ])
      }),
    )
  })
})

describe('a file that is not UTF-8 text in lines', () => {
  const USER = '{"email":"a","hashed_password":"!"}\n'
  const HEADED = 'email,hashed_password\na,!\n'
  const swapped = Buffer.from(`\ufeff${USER}`, 'utf16le').swap16()

  it.each<[kind: string, file: Buffer, remedy: RegExp]>([
    ['UTF-16', Buffer.from(`\ufeff${USER}`, 'utf16le'), /in UTF-16\. .+: iconv -f UTF-16 -t UTF-8 FILE/],
    ['UTF-16, big-endian', swapped, /in UTF-16\. /],
    ['UTF-16 without a mark', Buffer.from(HEADED, 'utf16le'), /in UTF-16\. /],
    ['UTF-16, big-endian, without a mark', swapped.subarray(2), /in UTF-16\. /],
    ['gzip', gzipSync(USER), /compressed with gzip\. Convert it: gunzip -c FILE > users\.ndjson$/],
    ['zstd', zstdCompressSync(USER), /compressed with zstd\. Convert it: zstd -dc FILE/],
    ['bzip2', Buffer.from('BZh91AY&SY\n'), /compressed with bzip2\. Convert it: bunzip2 -c FILE/],
    [
      'xz',
      Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x0a]),
      /compressed with xz\. Convert it: xz -dc/,
    ],
    [
      'a spreadsheet',
      Buffer.from('PK\x03\x04\x14\0\x06\0'),
      /a ZIP archive or a spreadsheet\. .+ CSV in UTF-8$/,
    ],
    ['a database', Buffer.from('SQLite format 3\0'), /an SQLite database\. Convert it: sqlite3 -csv -header/],
    [
      'the line breaks of old Macs',
      Buffer.from(HEADED.replaceAll('\n', '\r')),
      /CR only\. .+: tr '\\r' '\\n'/,
    ],
  ])('is refused with a remedy: %s', async (_, file, remedy) => {
    for (const read of [jsonRecords, csvRecords]) {
      await expect(recordsOf(read, file)).rejects.toThrow(/^Line 1: the file /)
      await expect(recordsOf(read, file)).rejects.toThrow(remedy)
      await expect(recordsOf(read, file)).rejects.toBeInstanceOf(UsageError)
    }
  })
})

describe('the hash parameters of Firebase', () => {
  it('are read in the format of the console, and as JSON', () => {
    const project = parseFirebaseProject(FIREBASE.config)
    expect(project).toMatchObject({ rounds: 8, memCost: 14, saltSeparator: Buffer.from('Bw==', 'base64') })
    expect(project.signerKey).toHaveLength(64)
    const json = FIREBASE.config
      .replace('hash_config ', '')
      .replaceAll(/(\w+): ([\w+/=]+)/g, '"$1": "$2"')
      .replace(/,\n\}/, '\n}')
    expect(parseFirebaseProject(JSON.stringify(JSON.parse(json)))).toEqual(project)
  })

  it.each(['algorithm', 'base64_signer_key', 'base64_salt_separator', 'rounds', 'mem_cost'])(
    'without a valid %s are refused',
    (name) => {
      const without = FIREBASE.config.replace(new RegExp(`${name}: [^,]+`), `${name}: ?`)
      expect(() => parseFirebaseProject(without)).toThrow(`no valid ${name}`)
    },
  )
})

describe('the progress line', () => {
  it.each([
    [
      { lines: 250_000, rejected: 3, read: 25, size: 100, elapsedSeconds: 20 },
      '[####............] 25 %  250,000 lines  12,500 per second  about 60 s left  3 rejected',
    ],
    [
      { lines: 1_000, rejected: 0, read: 1, size: 1_000, elapsedSeconds: 1 },
      '[................] 0 %  1,000 lines  1,000 per second  about 17 min left',
    ],
    [
      { lines: 1_000, rejected: 0, read: 100, size: 100, elapsedSeconds: 1 },
      '[################] 100 %  1,000 lines  1,000 per second',
    ],
    [{ lines: 1_000, rejected: 0, read: 1, size: null, elapsedSeconds: 2 }, '1,000 lines  500 per second'],
    [{ lines: 0, rejected: 0, read: 0, size: 0, elapsedSeconds: 0 }, '0 lines'],
  ])('shows the share, the speed and the time left: %j', (progress, line) => {
    expect(progressLine(progress)).toBe(line)
  })
})

describe('progress', () => {
  const at = (lines: number) => ({ lines, rejected: 0, read: lines, size: 300_000 })

  /** The output to a terminal with this many columns, or to a stream that is not a terminal. */
  function written(columns: number | null): string {
    const output = new PassThrough({ encoding: 'utf8' })
    const terminal = columns === null ? {} : { isTTY: true, columns }
    const report = startProgress(Object.assign(output, terminal) as unknown as NodeJS.WriteStream)
    for (const lines of [1_000, 100_000, 199_999, 200_000]) report.show(at(lines))
    report.end()
    return output.read()
  }

  it('is one line at a terminal, updated in place, no wider than the terminal, and cleared at the end', () => {
    const lines = written(40).split('\r')
    expect(lines).toHaveLength(6)
    for (const line of lines.slice(1, 5)) {
      expect(line).toMatch(/^\[[#.]{16}\] \d+ %/)
      expect(line.endsWith('\u{1b}[K')).toBe(true)
      expect(line.length - '\u{1b}[K'.length).toBeLessThan(40)
    }
    expect(lines.at(-1)).toBe('\u{1b}[K')
  })

  it('is one line per 100,000 lines without a terminal', () => {
    const lines = written(null).trimEnd().split('\n')
    expect(lines.map((line) => /([\d,]+) lines/.exec(line)?.[1])).toEqual(['100,000', '200,000'])
  })
})

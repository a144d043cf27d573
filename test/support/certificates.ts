import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type OnEnd, temporaryFolder } from './system.ts'

/** The path on Debian. */
const OPENSSL = '/usr/bin/openssl'

/** Whether tests that need `openssl` can run. `scripts/system.mjs` reports it if they cannot. */
export const hasOpenssl = existsSync(OPENSSL)

/** Paths of PEM files. */
export interface Certificates {
  /** The authority that clients must trust. It signs nothing else. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/**
 * Makes a server certificate and the authority that signed it. Both are deleted when the test ends.
 *
 * @param hosts - Names or IP addresses.
 */
export function makeCertificates(hosts: readonly string[], onEnd: OnEnd = onTestFinished): Certificates {
  const folder = temporaryFolder(onEnd)
  const file = (name: string) => join(folder, name)
  // The machine's own configuration would add extensions.
  writeFileSync(file('openssl.cnf'), '[req]\ndistinguished_name = name\n[name]\n')
  const make = (name: string, subject: string, extensions: readonly string[], ...more: string[]) =>
    execFileSync(
      OPENSSL,
      [
        ...['req', '-x509', '-config', file('openssl.cnf'), '-days', '1', '-subj', `/CN=${subject}`],
        ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'],
        ...['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)],
        ...extensions.flatMap((extension) => ['-addext', extension]),
        ...more,
      ],
      { stdio: 'pipe' },
    )

  make('ca', 'test authority', ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'])
  const names = hosts.map((host) => `${isIP(host) === 0 ? 'DNS' : 'IP'}:${host}`)
  make(
    'server',
    'test server',
    [
      'basicConstraints=critical,CA:FALSE',
      'keyUsage=critical,digitalSignature',
      'extendedKeyUsage=serverAuth',
      `subjectAltName=${names.join()}`,
    ],
    ...['-CA', file('ca.pem'), '-CAkey', file('ca.key')],
  )
  return { ca: file('ca.pem'), cert: file('server.pem'), key: file('server.key') }
}

import { describe, expect, it } from 'vitest'
import { parseAllowedHosts } from './allowed-hosts.ts'

describe('parseAllowedHosts', () => {
  it.each([
    ['bienvenue', ['bienvenue', 'bienvenue:5000'], ['bienvenue.', 'bienvenue:', 'xbienvenue']],
    ['auth.internal:5000', ['auth.internal:5000'], ['auth.internal', 'auth.internal:50000']],
    ['Auth.Internal', ['auth.internal', 'auth.internal:1'], ['internal']],
    ['my_service-1', ['my_service-1:80'], ['my_service']],
    ['10.0.0.7', ['10.0.0.7', '10.0.0.7:5000'], ['10.0.0.70']],
    ['[FD00:0::7]', ['[fd00::7]', '[fd00::7]:5000'], ['[fd00::70]', 'fd00::7']],
    ['[fd00::7]:5000', ['[fd00::7]:5000'], ['[fd00::7]']],
    ['a, b:80 ,c', ['a:1', 'b:80', 'c'], ['b', 'd']],
    ['', [], ['', 'a', ':80']],
  ] as const)('%j matches %j and not %j', (text, own, foreign) => {
    const isAllowed = parseAllowedHosts(text)
    expect(own.filter((host) => !isAllowed(host))).toEqual([])
    expect(foreign.filter(isAllowed)).toEqual([])
  })

  it.each([
    'http://auth.internal',
    'auth.internal/x',
    'user@auth.internal',
    '*',
    '*.internal',
    '.internal',
    'auth.internal.',
    'auth..internal',
    '-auth',
    'auth-',
    'a b',
    'auth:',
    'auth:0',
    'auth:65536',
    'auth:http',
    'auth:80:80',
    '127.1',
    '1',
    '256.0.0.1',
    'auth.1',
    'fd00::7',
    '[fd00::7',
    '[10.0.0.7]',
    '[fd00::7]x',
    'bücher.example',
    'a,,b',
    'a,',
  ])('refuses %j', (text) => {
    expect(() => parseAllowedHosts(text)).toThrow(/is not HOST or HOST:PORT/)
  })
})

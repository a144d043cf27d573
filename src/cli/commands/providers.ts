/** The providers that people can sign in with. */
import type { AddProviderRequest, ProviderCheck, ProviderDetails } from '../../auth/index.ts'
import { visible } from '../../lib/visible.ts'
import { AuthError, MaintenanceError } from '../../model/errors.ts'
import { LINKING, PRESETS } from '../../model/providers.ts'
import { type Command, type CommandInput, UsageError } from '../command.ts'
import { oneOf } from '../flag-values.ts'
import { readGivenFile } from '../given-file.ts'
import { operator } from '../operator.ts'
import { confirmed, counted, jsonLine, moment, print, printResult, printRows, YES } from '../terminal.ts'
import { withService } from '../with-service.ts'

const add: Command = {
  name: 'providers add',
  summary: `Add a provider to sign in with: ${PRESETS.join(', ')}`,
  takes: 'PRESET',
  flags: {
    'client-id': { type: 'string', help: 'The client id that the provider gave to this service' },
    'secret-file': {
      type: 'string',
      help: 'The file with the client secret; for apple, with the signing key',
    },
    id: { type: 'string', help: 'The name in paths, such as google; by default the preset' },
    name: { type: 'string', help: 'The name on the button; by default that of the preset' },
    issuer: { type: 'string', help: 'The issuer, an https URL; required for oidc' },
    scopes: {
      type: 'string',
      help: 'The scopes to request, separated by spaces; by default those for the address and the name',
    },
    tenants: {
      type: 'string',
      help: 'For microsoft: the ids of the allowed tenants, separated by commas, or * for all',
    },
    'existing-accounts-only': { type: 'boolean', help: 'Never create an account for a new person' },
    linking: {
      type: 'string',
      help: 'What to do if an account already has the address: ask (its owner signs in and connects it) or verified (connect at once if both sides have verified it); by default ask',
    },
    'trusts-email': {
      type: 'boolean',
      help: 'Treat its addresses as verified; only for a provider that assigns them, such as that of your organization',
    },
  },
  run(input) {
    const request = requestIn(input)
    return withService(
      input,
      async (auth) => {
        const provider = await auth.providers.add(request, operator()).catch((error: unknown) => {
          throw inFlags(error)
        })
        return printResult(
          input.json,
          onWire(provider),
          `Added ${provider.id}. Register this redirect URI there: ${provider.redirectUri}\nThen check it: bienvenue providers check ${provider.id}\nRunning services show its button within a minute.`,
        )
      },
      { mayCreate: true },
    )
  },
}

/** The flag of each field of a request. */
const FLAGS: Readonly<Record<string, string>> = {
  id: '--id',
  name: '--name',
  issuer: '--issuer',
  clientId: '--client-id',
  clientSecret: '--secret-file',
  scopes: '--scopes',
  tenants: '--tenants',
}

/** Converts the refusal of a field to an error about the flag that it comes from. */
function inFlags(error: unknown): unknown {
  if (!(error instanceof AuthError) || error.field === undefined) return error
  const { field, message } = error
  const flag = FLAGS[field] ?? field
  const problem = error.code === 'missing_field' ? 'is missing' : message.replace(`${field} `, '')
  return new UsageError(`${flag} ${problem}.`)
}

function requestIn({ args: [preset = ''], flags }: CommandInput): AddProviderRequest {
  const given = flags as Partial<Record<string, string>>
  const { id, name, issuer, linking } = given
  const knownPreset = oneOf('The preset', PRESETS, preset)
  const clientId = given['client-id']
  if (clientId === undefined) throw new UsageError('--client-id is missing.')
  return {
    preset: knownPreset,
    linking: linking === undefined ? undefined : oneOf('--linking', LINKING, linking),
    id,
    name,
    issuer,
    clientId,
    clientSecret: secretIn(given['secret-file']),
    scopes: given.scopes?.split(/\s+/).filter(Boolean),
    tenants: given.tenants?.split(',').map((tenant) => tenant.trim()),
    createsAccounts: flags['existing-accounts-only'] !== true,
    trustsEmail: flags['trusts-email'] === true,
  }
}

function secretIn(path: string | undefined): string | undefined {
  return path === undefined ? undefined : readGivenFile(path).trim()
}

const list: Command = {
  name: 'providers list',
  summary: 'List the providers; with --json, one object per line',
  run: (input) =>
    withService(input, async (auth) => {
      const all = await auth.providers.list()
      if (input.json) for (const provider of all) await print(jsonLine(onWire(provider)))
      else
        await printRows(
          ['id', 'preset', 'name', 'issuer', 'identities', 'disabled'],
          all.map(({ id, preset, name, issuer, identities, disabledAt }) => [
            id,
            preset,
            visible(name),
            visible(issuer),
            String(identities),
            moment(disabledAt),
          ]),
        )
      return 0
    }),
}

const check: Command = {
  name: 'providers check',
  summary: 'Check that a provider answers, and show the redirect URI to register there',
  takes: 'ID',
  run(input) {
    const [id = ''] = input.args
    return withService(input, async (auth) => {
      const checked = await auth.providers.check(id)
      if (checked === null) throw unknown(id)
      if (input.json) await print(jsonLine(checkOnWire(checked)))
      else for (const line of linesOf(checked)) await print(line)
      return checked.problem === null ? 0 : 1
    })
  },
}

function linesOf({ discovered, problem, redirectUri }: ProviderCheck): string[] {
  const redirect = `        redirect URI to register: ${redirectUri}`
  if (discovered === null)
    return [`FAILED  the provider gave no usable answer: ${visible(problem ?? '')}`, redirect]
  const { issuer, keyCount, clockDifferenceSeconds: seconds } = discovered
  const state = (word: string) => (problem === word ? 'FAILED' : 'ok    ')
  return [
    `ok      issuer: ${visible(issuer)}`,
    ...(keyCount === null ? [] : [`${state('no keys')}  keys: ${keyCount}`]),
    ...(seconds === null ? [] : [`${state('clock')}  clock: ${clockOf(seconds)}`]),
    redirect,
  ]
}

function clockOf(seconds: number): string {
  if (seconds === 0) return 'the same as ours'
  return `${counted(Math.abs(seconds), 'second')} ${seconds > 0 ? 'ahead of' : 'behind'} ours`
}

function checkOnWire({ discovered, problem, redirectUri }: ProviderCheck) {
  return {
    problem,
    redirect_uri: redirectUri,
    issuer: discovered?.issuer ?? null,
    authorization_endpoint: discovered?.authorizationEndpoint ?? null,
    token_endpoint: discovered?.tokenEndpoint ?? null,
    userinfo_endpoint: discovered?.userInfoEndpoint ?? null,
    keys: discovered?.keyCount ?? null,
    clock_difference_seconds: discovered?.clockDifferenceSeconds ?? null,
  }
}

const replaceSecret: Command = {
  name: 'providers replace-secret',
  summary: 'Replace the client secret of a provider; identities and sessions stay',
  takes: 'ID',
  flags: { 'secret-file': { type: 'string', help: 'The file with the new client secret' } },
  run(input) {
    const [id = ''] = input.args
    const clientSecret = secretIn((input.flags as { 'secret-file'?: string })['secret-file'])
    if (clientSecret === undefined) throw new UsageError('--secret-file is missing.')
    return withService(input, async (auth) => {
      const request = { id, clientSecret }
      const isKnown = await auth.providers.replaceSecret(request, operator()).catch((error: unknown) => {
        throw inFlags(error)
      })
      if (!isKnown) throw unknown(id)
      return printResult(input.json, { replaced: id }, `Sign-ins at ${id} use the new secret.`)
    })
  },
}

const disable: Command = {
  name: 'providers disable',
  summary: 'Disable a provider: nobody can sign in with it; identities and sessions stay',
  takes: 'ID',
  run: (input) => change(input, 'disabled'),
}

const enable: Command = {
  name: 'providers enable',
  summary: 'Enable a disabled provider',
  takes: 'ID',
  run: (input) => change(input, 'enabled'),
}

function change(input: CommandInput, state: 'disabled' | 'enabled') {
  const [id = ''] = input.args
  return withService(input, async (auth) => {
    const isKnown = await (state === 'disabled' ? auth.providers.disable : auth.providers.enable)(
      id,
      operator(),
    )
    if (!isKnown) throw unknown(id)
    return printResult(
      input.json,
      { [state]: id },
      `${id} is ${state}. Running services notice within a minute.`,
    )
  })
}

const remove: Command = {
  name: 'providers remove',
  summary: 'Remove a provider, and disconnect every account from it',
  takes: 'ID',
  flags: YES,
  run(input) {
    const [id = ''] = input.args
    return withService(input, async (auth) => {
      const found = (await auth.providers.list()).find((provider) => provider.id === id)
      if (found === undefined) throw unknown(id)
      const question = `Remove ${id}, and disconnect ${counted(found.identities, 'account')} from it?`
      if (!(await confirmed(input.flags, question))) return 1
      const identities = await auth.providers.remove(id, operator())
      return printResult(
        input.json,
        { removed: id, identities },
        `Removed ${id}. Disconnected: ${counted(identities ?? 0, 'account')}.`,
      )
    })
  },
}

function unknown(id: string): MaintenanceError {
  return new MaintenanceError(`There is no provider ${visible(id)}. To list them: bienvenue providers list`)
}

function onWire(provider: ProviderDetails) {
  return {
    id: provider.id,
    preset: provider.preset,
    name: provider.name,
    issuer: provider.issuer,
    client_id: provider.clientId,
    has_secret: provider.hasSecret,
    scopes: provider.scopes,
    tenants: provider.tenants,
    creates_accounts: provider.createsAccounts,
    linking: provider.linking,
    trusts_email: provider.trustsEmail,
    redirect_uri: provider.redirectUri,
    identities: provider.identities,
    created_at: provider.createdAt.toISOString(),
    disabled_at: provider.disabledAt?.toISOString() ?? null,
  }
}

export const providers: readonly Command[] = [add, list, check, replaceSecret, disable, enable, remove]

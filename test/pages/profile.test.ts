/** The profile, and the fields that the application adds to it and to the sign-up page. */
import { describe, expect, it } from 'vitest'
import type { CreateAuthOptions } from '../../src/index.ts'
import { LOCALES, PAGES as TEXTS } from '../../src/text/index.ts'
import { migratedDatabase, onEachEngine } from '../support/engines.ts'
import { attributeOf, type Element, problemsIn, readMarkup } from '../support/markup.ts'
import { openPageSite, PAGES } from '../support/page-site.ts'
import { PASSWORD } from '../support/production.ts'
import { ALICE } from '../support/story.ts'

const EVE = 'eve@example.com'
const SIGN_UP = { email: EVE, password: PASSWORD }

const USER_FIELDS = {
  company: { label: { en: 'Company', fr: 'Entreprise' }, hint: '<b>As on invoices</b>', required: true },
  size: { label: 'Size', choices: { small: 'Small', large: { en: 'Large', de: 'Groß' } }, required: true },
  terms: { label: 'I accept the rules', type: 'boolean', required: true },
  letters: { label: 'Send me letters', type: 'boolean', signUp: true },
  postcode: { label: 'Postcode', signUp: true, maxLength: 10 },
  employees: { label: 'Employees', type: 'number' },
} as const satisfies CreateAuthOptions['userFields']

const FILLED_IN = {
  'metadata.company': 'Builders',
  'metadata.size': 'large',
  'metadata.terms': 'on',
  'metadata.postcode': '',
}

function fieldsOf(html: string): Map<string, Element> {
  const { elements } = readMarkup(html)
  const inputs = elements.filter(
    ({ tag, ancestors }) =>
      ['input', 'select'].includes(tag) && ancestors.some((each) => each.tag === 'main'),
  )
  return new Map(inputs.map((input) => [attributeOf(input, 'name'), input]))
}

function labelOf(html: string, id: string): string {
  const label = readMarkup(html).elements.find((each) => attributeOf(each, 'for') === id)
  return label?.text ?? expect.unreachable(`no label for ${id}`)
}

/** The sentence of the summary, and the field that it leads to. */
function problemIn(html: string): [href: string, text: string] {
  const link = readMarkup(html).elements.find(
    ({ tag, ancestors }) => tag === 'a' && ancestors.some((each) => attributeOf(each, 'role') === 'alert'),
  )
  return link === undefined ? expect.unreachable('no problem') : [attributeOf(link, 'href'), link.text]
}

onEachEngine('the sign-up page with user fields', (engine) => {
  async function open() {
    const site = await openPageSite({
      userFields: USER_FIELDS,
      databaseUrl: await migratedDatabase(engine),
    })
    const post = async (form: Readonly<Record<string, string>>, path = '/sign_up') => {
      const answer = await site.ask('POST', path, { form: { ...SIGN_UP, ...form } })
      return { status: answer.status, html: await answer.text() }
    }
    return { ...site, post }
  }

  it('shows those that are asked at sign-up, each with its label, in every language', async () => {
    const site = await open()
    for (const locale of LOCALES) {
      const html = await (await site.ask('GET', `/sign_up?lang=${locale}`)).text()
      expect(problemsIn(html)).toEqual([])
      const fields = fieldsOf(html)
      expect([...fields.keys()].filter((name) => name.startsWith('metadata.'))).toEqual(
        ['company', 'size', 'terms', 'letters', 'postcode'].map((name) => `metadata.${name}`),
      )
      for (const [name, field] of fields)
        if (name.startsWith('metadata.'))
          expect(field.attributes.has('required'), name).toBe(/company|size|terms/.test(name))
      expect(labelOf(html, 'metadata.company')).toBe(locale === 'fr' ? 'Entreprise' : 'Company')
      expect(labelOf(html, 'metadata.postcode')).toBe(
        TEXTS[locale].userFields.optional.replace('{label}', 'Postcode'),
      )
      expect(html).toContain('&lt;b&gt;As on invoices')
      expect(html).toContain(locale === 'de' ? '>Groß<' : '>Large<')
    }
  })

  it('creates the account with them', async () => {
    const { auth, post } = await open()
    expect((await post(FILLED_IN)).status).toBe(303)
    expect((await auth.users.find(EVE))?.user.metadata).toEqual({
      company: 'Builders',
      size: 'large',
      terms: true,
      letters: false,
    })
  })

  it('says what is missing or wrong beside the field, and keeps what was typed', async () => {
    const { auth, post } = await open()
    const { problems } = TEXTS.en.userFields
    for (const [changes, name, sentence] of [
      [{ 'metadata.company': '' }, 'company', problems.missing.replace('{label}', 'Company')],
      [{ 'metadata.size': '' }, 'size', problems.missingChoice.replace('{label}', 'Size')],
      [{ 'metadata.terms': 'off' }, 'terms', problems.missingTick.replace('{label}', 'I accept the rules')],
      [
        { 'metadata.postcode': 'x'.repeat(11) },
        'postcode',
        problems.invalidText.replace('{label}', 'Postcode').replace('{max}', '10'),
      ],
    ] as const) {
      const { status, html } = await post({ ...FILLED_IN, 'metadata.letters': 'on', ...changes })
      expect(status).toBe(400)
      expect(problemsIn(html)).toEqual([])
      expect(problemIn(html)).toEqual([`#metadata.${name}`, sentence])
      const fields = fieldsOf(html)
      const wrong = fields.get(`metadata.${name}`) ?? expect.unreachable()
      expect(attributeOf(wrong, 'aria-invalid')).toBe('true')
      expect(attributeOf(wrong, 'aria-describedby')).toContain(`metadata.${name}-problem`)
      expect(attributeOf(fields.get('email') as Element, 'value')).toBe(EVE)
      expect(fields.get('metadata.letters')?.attributes.has('checked')).toBe(true)
      if (name !== 'company')
        expect(attributeOf(fields.get('metadata.company') as Element, 'value')).toBe('Builders')
      if (name === 'postcode') expect(attributeOf(wrong, 'value')).toBe('x'.repeat(11))
    }
    expect(await auth.users.find(EVE)).toBeNull()
  })

  it('refuses a member that the form does not have', async () => {
    const { auth, post } = await open()
    const { status, html } = await post({ ...FILLED_IN, 'metadata.plan': 'pro' })
    expect(status).toBe(400)
    expect(html).not.toContain('Builders')
    expect(await auth.users.find(EVE)).toBeNull()
  })
})

describe('the page of the profile', () => {
  async function open(metadata: object | null = null) {
    const fields: string[] = []
    const site = await openPageSite({
      userFields: USER_FIELDS,
      onAudit: ({ action, details }) => {
        if (action === 'update_profile') fields.push(String(details.fields))
      },
    })
    if (metadata !== null) await site.auth.users.update(site.userId, { metadata })
    fields.length = 0
    const sessionToken = await site.newSession()
    const show = async (query = '') =>
      (await site.ask('GET', `/account/profile${query}`, { sessionToken })).text()
    const save = async (form: Readonly<Record<string, string>>) => {
      const answer = await site.ask('POST', '/account/profile', { form, sessionToken })
      return { status: answer.status, location: answer.headers.get('location'), html: await answer.text() }
    }
    const saved = async () => (await site.auth.users.find(ALICE))?.user
    return { ...site, fields, show, save, saved }
  }

  const STORED = { company: 'Wonderland', size: 'small', terms: true, employees: 3, plan: 'pro' }
  const SAME = {
    name: '',
    locale: '',
    'metadata.company': 'Wonderland',
    'metadata.size': 'small',
    'metadata.terms': 'on',
    'metadata.postcode': '',
    'metadata.employees': '3',
  }

  it('shows what is stored', async () => {
    const { auth, userId, show } = await open(STORED)
    await auth.users.update(userId, { name: 'Alice "A" <Liddell>', locale: 'fr-CA' })
    const html = await show()
    expect(problemsIn(html)).toEqual([])
    const fields = fieldsOf(html)
    const value = (name: string) => attributeOf(fields.get(name) as Element, 'value')
    expect(value('name')).toBe('Alice "A" <Liddell>')
    expect([value('metadata.company'), value('metadata.employees')]).toEqual(['Wonderland', '3'])
    // Names can be written from right to left.
    expect(attributeOf(fields.get('name') as Element, 'dir')).toBe('auto')
    expect(fields.get('metadata.terms')?.attributes.has('checked')).toBe(true)
    expect(fields.get('metadata.letters')?.attributes.has('checked')).toBe(false)
    const selected = readMarkup(html).elements.filter(({ attributes }) => attributes.has('selected'))
    expect(selected.map((option) => attributeOf(option, 'value'))).toEqual(['fr-CA', 'small'])
  })

  it('changes the profile, and records only what has changed', async () => {
    const { save, saved, show, fields } = await open(STORED)
    const done = await save({
      ...SAME,
      name: ' Alice  Liddell ',
      locale: 'de',
      'metadata.company': 'Looking Glass',
      'metadata.employees': '',
      'metadata.letters': 'on',
    })
    expect(done).toMatchObject({ status: 303, location: '/account/profile?done=saved' })
    expect(await saved()).toMatchObject({ name: 'Alice Liddell', locale: 'de' })
    expect((await saved())?.metadata).toEqual({
      ...{ company: 'Looking Glass', size: 'small', terms: true, letters: true, plan: 'pro' },
    })
    expect(fields).toEqual(['name, locale, metadata.company, metadata.employees, metadata.letters'])
    expect(await show('?done=saved')).toContain(TEXTS.en.profile.done.saved)
  })

  it('records nothing if nothing has changed, and clears what is emptied', async () => {
    const { auth, userId, save, saved, fields } = await open(STORED)
    expect(await save(SAME)).toMatchObject({ status: 303 })
    expect(fields).toEqual([])
    await auth.users.update(userId, { name: 'Alice', locale: 'fr' })
    fields.length = 0
    expect(await save(SAME)).toMatchObject({ status: 303 })
    expect(await saved()).toMatchObject({ name: null, locale: null, metadata: STORED })
    expect(fields).toEqual(['name, locale'])
  })

  it('says what is wrong, and changes nothing', async () => {
    const { save, saved, fields } = await open(STORED)
    const before = await saved()
    const { profile, userFields } = TEXTS.en
    for (const [changes, id, sentence] of [
      [{ name: 'x'.repeat(201) }, 'name', profile.problems.name.invalid_field],
      [{ locale: 'English' }, 'locale', profile.problems.locale.invalid_field],
      [
        { 'metadata.company': '' },
        'metadata.company',
        userFields.problems.missing.replace('{label}', 'Company'),
      ],
      [
        { 'metadata.employees': '1,000' },
        'metadata.employees',
        userFields.problems.invalidNumber.replace('{label}', 'Employees'),
      ],
    ] as const) {
      const { status, html } = await save({ ...SAME, name: 'Robert', ...changes })
      expect(status).toBe(400)
      expect(problemsIn(html)).toEqual([])
      expect(problemIn(html)).toEqual([`#${id}`, sentence])
    }
    const { 'metadata.terms': _, ...unticked } = SAME
    expect(problemIn((await save(unticked)).html)[0]).toBe('#metadata.terms')
    expect(await saved()).toEqual(before)
    expect(fields).toEqual([])
  })

  it('asks for a required field that is missing, as after a sign-in with a provider', async () => {
    const { save, saved } = await open()
    const empty = { ...SAME, 'metadata.company': '', 'metadata.size': '', 'metadata.employees': '' }
    expect(problemIn((await save(empty)).html)[0]).toBe('#metadata.company')
    expect(await save({ ...SAME, 'metadata.employees': '' })).toMatchObject({ status: 303 })
    expect((await saved())?.metadata).toEqual({ company: 'Wonderland', size: 'small', terms: true })
  })

  it.each([
    'id',
    'role',
    'email',
    'hashed_password',
    'private_metadata',
    'privateMetadata',
    'metadata.plan',
    'metadata.__proto__',
    'metadata.constructor',
  ])('cannot write %s, and writes nothing beside it [API-02]', async (field) => {
    const { save, saved, fields } = await open(STORED)
    const before = await saved()
    const { status, html } = await save({ ...SAME, name: 'Robert', [field]: 'mallory' })
    expect(status).toBe(400)
    expect(html).not.toContain('mallory')
    expect(await saved()).toEqual(before)
    expect(fields).toEqual([])
    expect({}).not.toHaveProperty('plan')
  })

  it('needs no user fields', async () => {
    const site = await openPageSite({ userFields: {} })
    const sessionToken = await site.newSession()
    const html = await (await site.ask('GET', '/account/profile', { sessionToken })).text()
    expect(problemsIn(html)).toEqual([])
    expect([...fieldsOf(html).keys()]).toEqual(['name', 'locale'])
    const form = { name: 'Alice', locale: '', 'metadata.plan': 'pro' }
    const answer = await site.ask('POST', '/account/profile', { form, sessionToken })
    expect(answer.status).toBe(400)
    expect((await site.auth.users.find(ALICE))?.user).toMatchObject({ name: null, metadata: {} })
  })
})

it('no page shows private metadata or the hash of the password [API-03]', async () => {
  const { auth, userId, ask } = await openPageSite({ userFields: USER_FIELDS })
  const metadata = { company: 'Known to Alice', size: 'small', terms: true }
  await auth.users.update(userId, { metadata, privateMetadata: { company: 'Known to nobody' } })
  const { hashedPassword } = await auth.db.findUserBy({ id: userId })
  const { sessionToken } = await auth.signIn.withPassword({ email: ALICE, password: PASSWORD })
  const shown: string[] = []
  for (const { path, access } of PAGES) {
    if (access === 'anyone' || access === 'pending') continue
    const answer = await ask('GET', path, { sessionToken: sessionToken ?? expect.unreachable() })
    const html = await answer.text()
    for (const secret of ['Known to nobody', 'rivateMetadata', 'rivate_metadata', hashedPassword.slice(-31)])
      expect(html, path).not.toContain(secret)
    if (answer.status === 200) shown.push(path)
    if (path === '/account/profile') expect(html).toContain('Known to Alice')
  }
  expect(shown).toEqual(expect.arrayContaining(['/account', '/account/profile', '/account/data']))
  const exported = await ask('POST', '/account/data/export', { form: {}, sessionToken: sessionToken ?? '' })
  const file = await exported.text()
  expect(file).toContain('Known to Alice')
  expect(file).not.toContain('Known to nobody')
})

import { expect, it } from 'vitest'
import { LOCALES, PAGES } from '../text/index.ts'
import { deviceIn } from './account/device.ts'
import { dayIn, timeIn } from './times.ts'
import { daysIn, durationIn } from './words.ts'

const AT = new Date('2026-11-26T09:05:00Z')
const plain = (text: unknown) => String(text).replaceAll(/[\u00a0\u202f]/g, ' ')

it('durations are in the language of the page', () => {
  const seconds = [1, 600, 7_200]
  const expected = {
    en: ['1 second', '10 minutes', '2 hours', '1 day', '1,000 days'],
    fr: ['1 seconde', '10 minutes', '2 heures', '1 jour', '1 000 jours'],
    de: ['1 Sekunde', '10 Minuten', '2 Stunden', '1 Tag', '1.000 Tage'],
    es: ['1 segundo', '10 minutos', '2 horas', '1 día', '1000 días'],
  }
  for (const locale of LOCALES) {
    const durations = [
      ...seconds.map((each) => durationIn(locale, each)),
      daysIn(locale, 1),
      daysIn(locale, 1_000),
    ]
    expect(durations.map(plain)).toEqual(expected[locale])
  }
})

it('times and days are in UTC and in the language of the page', () => {
  const expected = {
    en: ['26 Nov 2026, 09:05 UTC', '26 Nov 2026'],
    fr: ['26 nov. 2026, 09:05 UTC', '26 nov. 2026'],
    de: ['26. Nov. 2026, 09:05 UTC', '26. Nov. 2026'],
    es: ['26 nov 2026, 9:05 UTC', '26 nov 2026'],
  }
  for (const locale of LOCALES)
    expect(
      [timeIn(locale, AT), dayIn(locale, AT)].map((each) => plain(each).replaceAll(/<[^>]*>/g, '')),
    ).toEqual(expected[locale])
})

it('a device is named in the language of the page', () => {
  const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0'
  const application = 'Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP1A)'
  const expected = {
    en: ['Firefox on Windows', 'Android', 'Unknown device'],
    fr: ['Firefox sur Windows', 'Android', 'Appareil inconnu'],
    de: ['Firefox auf Windows', 'Android', 'Unbekanntes Gerät'],
    es: ['Firefox en Windows', 'Android', 'Dispositivo desconocido'],
  }
  for (const locale of LOCALES)
    expect([firefox, application, 'curl/8.11.0'].map((agent) => deviceIn(PAGES[locale], agent))).toEqual(
      expected[locale],
    )
})

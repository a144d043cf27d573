/** The providers that are built in: data, and small functions over their answers. No requests. */
import type { PresetName } from '../../../model/providers.ts'
import { apple } from './apple.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { google } from './google.ts'
import { microsoft } from './microsoft.ts'
import { oidc } from './oidc.ts'
import type { Preset } from './preset.ts'

const BY_NAME: Readonly<Record<PresetName, Preset>> = { google, microsoft, apple, github, gitlab, oidc }

export function presetOf(name: PresetName): Preset {
  return BY_NAME[name]
}

import type { Command } from '../command.ts'
import { operator } from '../operator.ts'
import { counted, jsonLine, print } from '../terminal.ts'
import { withService } from '../with-service.ts'

const reseal: Command = {
  name: 'secrets reseal',
  summary:
    'Seal every stored secret with the first key of BIENVENUE_SECRET_KEY, before you remove another key',
  run: (input) =>
    withService(input, async (auth) => {
      const { resealed, unknownKey, altered } = await auth.secrets.reseal(operator())
      if (input.json) await print(jsonLine({ resealed, unknown_key: unknownKey, altered }))
      else {
        await print(`Sealed with the first key: ${counted(resealed, 'secret')}.`)
        if (unknownKey > 0)
          await print(
            `Not opened: ${counted(unknownKey, 'secret')}, sealed with a key that is not in BIENVENUE_SECRET_KEY. Add that key at the end of the list, and run this command again.`,
          )
        if (altered > 0)
          await print(
            `Not opened: ${counted(altered, 'secret')}, altered outside of the service. Restore a backup, or remove the factor of the user.`,
          )
      }
      return unknownKey + altered === 0 ? 0 : 1
    }),
}

export const secrets: readonly Command[] = [reseal]

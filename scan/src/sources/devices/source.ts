import { exportSource } from '../../exports/export-source.ts'
import { seenIn } from '../../exports/seen.ts'
import type { ScannedFile } from '../../file.ts'
import type { Source } from '../../source.ts'
import { IOT_FORMS } from './aws-iot.ts'
import { mosquittoSettings, mosquittoUsers } from './mosquitto.ts'

const iot = exportSource('devices', ['"thingArn"', '"certificateArn"', '"policyDocument"', '"roleAliasArn"'], IOT_FORMS)

/** Devices: the users and access lists of Mosquitto, and what AWS IoT exports. */
export const devicesSource: Source = {
  name: 'devices',
  wants: (file) => isOfMosquitto(file) || isSettings(file) || iot.wants(file),
  read(file, tools) {
    if (!isOfMosquitto(file) && !isSettings(file)) return iot.read(file, tools)
    const seen = isSettings(file) ? mosquittoSettings(file) : mosquittoUsers(file)
    return { sightings: seen.map((one) => seenIn(file, one)), problems: [] }
  },
}

const isSettings = ({ baseName }: ScannedFile): boolean => baseName === 'mosquitto.conf'

const isOfMosquitto = (file: ScannedFile): boolean => {
  const head = file.bytes.toString('latin1', 0, 65_536)
  if (/passwd|password|pwfile/i.test(file.baseName)) return /^[^:\s]{1,200}:\$(?:[67]|argon2id)\$/m.test(head)
  return /acl/i.test(file.baseName) && /^(?:topic|pattern) \S/m.test(head)
}

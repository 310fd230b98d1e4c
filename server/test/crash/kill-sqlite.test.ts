import { rounds } from '../../../test/rounds.ts'
import { testKills } from './kill.ts'

testKills('sqlite', rounds({ quick: 4, full: 50 }))

import { rounds } from '../../../test/rounds.ts'
import { testKills } from './kill.ts'

testKills('sqlite', rounds({ quick: 7, full: 50 }))

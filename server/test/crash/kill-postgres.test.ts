import { rounds } from '../../../test/rounds.ts'
import { testKills } from './kill.ts'

testKills('postgres', rounds({ quick: 10, full: 50 }))

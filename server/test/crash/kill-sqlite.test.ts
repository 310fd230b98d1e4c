import { testKills } from './kill.ts'

testKills('sqlite')

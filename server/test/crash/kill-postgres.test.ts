import { testKills } from './kill.ts'

testKills('postgres')

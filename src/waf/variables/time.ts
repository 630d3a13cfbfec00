import type { TransactionState } from '../transaction-state.ts'
import { scalarVariable } from './scalar.ts'

/** Local time of the machine, as in ModSecurity; the moment is when the request was received. */
export const time = scalarVariable('TIME', 1, (state) => {
  const at = received(state)
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':')
})
export const timeEpoch = scalarVariable('TIME_EPOCH', 1, ({ input }) => Math.floor(input.receivedAtMs / 1000))
export const timeDay = scalarVariable('TIME_DAY', 1, (state) => received(state).getDate())
export const timeHour = scalarVariable('TIME_HOUR', 1, (state) => twoDigits(received(state).getHours()))
export const timeMin = scalarVariable('TIME_MIN', 1, (state) => twoDigits(received(state).getMinutes()))
export const timeSec = scalarVariable('TIME_SEC', 1, (state) => twoDigits(received(state).getSeconds()))
/** January is 0, as in C. */
export const timeMon = scalarVariable('TIME_MON', 1, (state) => received(state).getMonth())
/** Sunday is 0. */
export const timeWday = scalarVariable('TIME_WDAY', 1, (state) => received(state).getDay())
export const timeYear = scalarVariable('TIME_YEAR', 1, (state) => received(state).getFullYear())
/** Milliseconds since the request was received. */
export const duration = scalarVariable('DURATION', 'never', ({ clock, input }) => clock.now() - input.receivedAtMs)

function received({ input }: TransactionState): Date {
  return new Date(input.receivedAtMs)
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

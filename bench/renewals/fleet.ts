import type { Draw } from './draw.ts'
import { dayMs, minuteMs, type Scenario } from './scenario.ts'

/** All certificates, each a row of these columns; times in whole minutes since the start of the scenario. Pairs lie side by side: the rows are visited at random, and each column costs a line of memory. */
export interface Fleet {
  readonly size: number
  /** In pairs: begin and end of the life of each certificate; both 0: none yet, a new name. */
  readonly lives: Int32Array
  /** When a new name comes; of those that were taken over 0. */
  readonly arrival: Int32Array
  /** The number of its registered domain. */
  readonly domain: Int32Array
}

const dayMinutes = 24 * 60
const openingHour = 9
const workingHours = 8

/**
 * How a fleet begins. Taken over from other clients: certificates that are not evenly old. A quarter came in a
 * migration, within two weeks, in working hours; one in twenty is overdue (the other client renews late). New names come in
 * working hours; a fifth of them belongs to platforms, and now and then a domain brings 200 names on one day (60 to a small fleet).
 */
export function createFleet(scenario: Scenario, draw: Draw): Fleet {
  const { certificates: size, lives } = scenario
  const column = () => new Int32Array(size)
  const fleet = {
    size,
    lives: new Int32Array(size * 2),
    arrival: column(),
    domain: column().map((_, i) => i),
  }
  const taken = Math.round(size * scenario.takenOver)
  const lifeMinutes = (lives[0]?.days ?? 90) * dayMinutes
  for (let i = 0; i < taken; i += 1) {
    const notBefore = -Math.max(1, Math.round(ageMinutes(scenario, draw)))
    fleet.lives[i * 2] = notBefore
    fleet.lives[i * 2 + 1] = notBefore + lifeMinutes
  }
  for (let i = taken; i < size; i += 1) fleet.arrival[i] = workingMinute(scenario, 0, scenario.arrivalDays, draw)
  groupDomains(fleet, { scenario, taken, draw })
  return fleet
}

function ageMinutes(scenario: Scenario, draw: Draw): number {
  const kind = draw()
  if (kind < 0.25) return -workingMinute(scenario, -44, -30, draw)
  if (kind < 0.3) return (60 + 18 * draw()) * dayMinutes
  return 60 * draw() * dayMinutes
}

/** A minute from 9 to 17 o'clock of a day from Monday to Friday. */
function workingMinute({ startMs }: Scenario, fromDay: number, toDay: number, draw: Draw): number {
  for (;;) {
    const day = fromDay + Math.floor(draw() * (toDay - fromDay))
    const weekday = new Date(startMs + day * dayMs).getUTCDay()
    if (weekday === 0 || weekday === 6) continue
    return day * dayMinutes + openingHour * 60 + Math.floor(draw() * workingHours * 60)
  }
}

function groupDomains(fleet: Fleet, options: { scenario: Scenario; taken: number; draw: Draw }): void {
  const { scenario, taken, draw } = options
  const { size, domain, arrival } = fleet
  const platforms = Math.max(1, Math.round((size - taken) / 2_500))
  const campaigns = Math.max(1, Math.round(size / 200_000))
  const namesOfCampaign = size >= 200_000 ? 200 : 60
  for (let i = taken; i < size; i += 1) {
    // A platform's domain has the number of one of the names that come, so that there are no more domains than names.
    if (draw() < 0.2) domain[i] = taken + Math.floor(draw() * platforms)
  }
  for (let campaign = 0; campaign < campaigns; campaign += 1) {
    const day = Math.floor(workingMinute(scenario, 0, scenario.arrivalDays, draw) / dayMinutes)
    for (let k = 0; k < namesOfCampaign; k += 1) {
      const i = size - 1 - campaign * namesOfCampaign - k
      if (i < taken) return
      domain[i] = size - 1 - campaign * namesOfCampaign
      arrival[i] = day * dayMinutes + openingHour * 60 + Math.floor((k * workingHours * 60) / namesOfCampaign)
    }
  }
}

/** Minutes since the start as milliseconds since 1970, as the scheduler counts. */
export function toMs(scenario: Scenario, minute: number): number {
  return scenario.startMs + minute * minuteMs
}

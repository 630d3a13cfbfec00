import type { ActionDraft, ActionWord } from './action.ts'

/** Logs to the error log, and to the audit log unless noauditlog follows. */
export const log = word('log', (draft) => {
  draft.log = true
  draft.auditLog = true
})

export const nolog = word('nolog', (draft) => {
  draft.log = false
  draft.auditLog = false
})

export const auditlog = word('auditlog', (draft) => {
  draft.auditLog = true
})

export const noauditlog = word('noauditlog', (draft) => {
  draft.auditLog = false
})

function word(name: string, apply: (draft: ActionDraft) => void): ActionWord {
  return { name, argument: 'none', group: 'logging', apply }
}
